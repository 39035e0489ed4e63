CREATE TABLE `backed_up_keys` (
	`user_id` text NOT NULL,
	`version` integer NOT NULL,
	`room_id` text NOT NULL,
	`session_id` text NOT NULL,
	`first_message_index` integer NOT NULL,
	`forwarded_count` integer NOT NULL,
	`is_verified` integer NOT NULL,
	`session_data` text NOT NULL,
	PRIMARY KEY(`user_id`, `version`, `room_id`, `session_id`)
);
--> statement-breakpoint
CREATE TABLE `key_backups` (
	`user_id` text NOT NULL,
	`version` integer NOT NULL,
	`algorithm` text NOT NULL,
	`auth_data` text NOT NULL,
	`etag` integer NOT NULL,
	`count` integer NOT NULL,
	`deleted` integer NOT NULL,
	PRIMARY KEY(`user_id`, `version`)
);
