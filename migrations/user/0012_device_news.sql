CREATE TABLE `key_uses` (
	`user_id` text PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `key_uses_seq` ON `key_uses` (`seq`);