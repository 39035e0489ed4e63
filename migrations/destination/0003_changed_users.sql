CREATE TABLE `changed_users` (
	`user_id` text PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`rooms` text,
	`at` integer NOT NULL,
	`attempt` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `changed_users_at` ON `changed_users` (`at`);