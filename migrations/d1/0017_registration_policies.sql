CREATE TABLE `passed_stages` (
	`session` text PRIMARY KEY NOT NULL,
	`stages` text NOT NULL,
	`expires_ts` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `passed_stages_expiry` ON `passed_stages` (`expires_ts`);--> statement-breakpoint
ALTER TABLE `accounts` ADD `policies` text;