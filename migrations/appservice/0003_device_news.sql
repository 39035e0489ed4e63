CREATE TABLE `device_list_news` (
	`user_id` text PRIMARY KEY NOT NULL,
	`changed` integer NOT NULL,
	`went` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `key_uses` (
	`user_id` text PRIMARY KEY NOT NULL,
	`shard` text NOT NULL
);
--> statement-breakpoint
ALTER TABLE `shard_cursors` ADD `goes_on` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `shard_cursors` ADD `device_seq` integer;