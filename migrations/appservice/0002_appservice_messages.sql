CREATE TABLE `messages` (
	`number` integer PRIMARY KEY NOT NULL,
	`json` text NOT NULL
);
--> statement-breakpoint
ALTER TABLE `shard_cursors` ADD `message_number` integer DEFAULT 0 NOT NULL;