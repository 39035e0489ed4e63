CREATE TABLE `used_nonces` (
	`nonce` text PRIMARY KEY NOT NULL,
	`expires_ts` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `used_nonces_expiry` ON `used_nonces` (`expires_ts`);--> statement-breakpoint
ALTER TABLE `settings` ADD `updated_ts` integer DEFAULT 0 NOT NULL;