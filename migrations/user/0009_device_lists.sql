CREATE TABLE `device_list_changes` (
	`user_id` text NOT NULL,
	`viewer` text NOT NULL,
	`seq` integer NOT NULL,
	`rooms` text,
	PRIMARY KEY(`user_id`, `viewer`)
);
--> statement-breakpoint
CREATE INDEX `device_list_changes_seq` ON `device_list_changes` (`seq`);--> statement-breakpoint
CREATE TABLE `device_list_outbox` (
	`user_id` text NOT NULL,
	`device_id` text NOT NULL,
	`stream_id` integer NOT NULL,
	`seq` integer NOT NULL,
	PRIMARY KEY(`user_id`, `device_id`)
);
--> statement-breakpoint
CREATE TABLE `member_changes` (
	`room_id` text PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `member_changes_seq` ON `member_changes` (`seq`);--> statement-breakpoint
CREATE TABLE `key_signatures` (
	`user_id` text NOT NULL,
	`target_user` text NOT NULL,
	`target_key` text NOT NULL,
	`key_id` text NOT NULL,
	`signature` text NOT NULL,
	PRIMARY KEY(`user_id`, `target_user`, `target_key`, `key_id`)
);
--> statement-breakpoint
CREATE TABLE `signing_keys` (
	`user_id` text NOT NULL,
	`usage` text NOT NULL,
	`json` text NOT NULL,
	PRIMARY KEY(`user_id`, `usage`)
);
--> statement-breakpoint
ALTER TABLE `device_lists` ADD `announced` integer DEFAULT 0 NOT NULL;