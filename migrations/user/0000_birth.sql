CREATE TABLE `account_data` (
	`user_id` text NOT NULL,
	`room_id` text NOT NULL,
	`type` text NOT NULL,
	`content` text NOT NULL,
	`seq` integer NOT NULL,
	PRIMARY KEY(`user_id`, `room_id`, `type`)
);
--> statement-breakpoint
CREATE INDEX `account_data_seq` ON `account_data` (`seq`);--> statement-breakpoint
CREATE TABLE `devices` (
	`user_id` text NOT NULL,
	`device_id` text NOT NULL,
	`display_name` text,
	`last_seen_ts` integer,
	`last_seen_ip` text,
	PRIMARY KEY(`user_id`, `device_id`)
);
--> statement-breakpoint
CREATE TABLE `filters` (
	`user_id` text NOT NULL,
	`filter_id` integer NOT NULL,
	`definition` text NOT NULL,
	PRIMARY KEY(`user_id`, `filter_id`)
);
--> statement-breakpoint
CREATE TABLE `password_tries` (
	`user_id` text PRIMARY KEY NOT NULL,
	`free_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `tokens` (
	`hash` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`user_id` text NOT NULL,
	`device_id` text NOT NULL,
	`expires_ts` integer,
	`parent` text,
	`redeemed_ts` integer
);
--> statement-breakpoint
CREATE INDEX `tokens_device` ON `tokens` (`user_id`,`device_id`);--> statement-breakpoint
CREATE TABLE `users` (
	`user_id` text PRIMARY KEY NOT NULL,
	`displayname` text,
	`avatar_url` text,
	`admin` integer NOT NULL,
	`deactivated` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `progress` (
	`seq` integer PRIMARY KEY NOT NULL,
	`room_id` text NOT NULL,
	`pos` integer NOT NULL,
	`ts` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `progress_room` ON `progress` (`room_id`,`seq`);--> statement-breakpoint
CREATE TABLE `room_cursors` (
	`room_id` text PRIMARY KEY NOT NULL,
	`epoch` text NOT NULL,
	`pos` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `user_rooms` (
	`user_id` text NOT NULL,
	`room_id` text NOT NULL,
	`membership` text NOT NULL,
	`from_pos` integer NOT NULL,
	`seq` integer NOT NULL,
	`was_joined` integer NOT NULL,
	`forgotten` integer NOT NULL,
	PRIMARY KEY(`user_id`, `room_id`)
);
--> statement-breakpoint
CREATE INDEX `user_rooms_room` ON `user_rooms` (`room_id`);--> statement-breakpoint
CREATE TABLE `duties` (
	`kind` text NOT NULL,
	`key` text NOT NULL,
	`at` integer,
	`attempt` integer NOT NULL,
	PRIMARY KEY(`kind`, `key`)
);
--> statement-breakpoint
CREATE INDEX `duties_at` ON `duties` (`at`);--> statement-breakpoint
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `operations` (
	`op_id` text PRIMARY KEY NOT NULL,
	`answer` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `operations_at` ON `operations` (`at`);