CREATE TABLE `grants` (
	`hash` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`status` text NOT NULL,
	`user_id` text,
	`client_id` text,
	`device_id` text,
	`redirect_uri` text,
	`code_challenge` text,
	`user_code_hash` text,
	`polled_ts` integer,
	`expires_ts` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `grants_user_code_hash_unique` ON `grants` (`user_code_hash`);--> statement-breakpoint
CREATE INDEX `grants_expiry` ON `grants` (`expires_ts`);--> statement-breakpoint
ALTER TABLE `accounts` ADD `locked` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `accounts` ADD `suspended` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `accounts` ADD `guest` integer DEFAULT 0 NOT NULL;