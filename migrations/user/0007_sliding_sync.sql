CREATE TABLE `room_activity` (
	`room_id` text PRIMARY KEY NOT NULL,
	`active_seq` integer NOT NULL,
	`bump_seq` integer NOT NULL,
	`room_type` text,
	`encrypted` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `sliding_configs` (
	`connection` text NOT NULL,
	`id` integer NOT NULL,
	`json` text NOT NULL,
	PRIMARY KEY(`connection`, `id`)
);
--> statement-breakpoint
CREATE TABLE `sliding_connections` (
	`connection` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`device_id` text NOT NULL,
	`conn_id` text NOT NULL,
	`base_generation` integer NOT NULL,
	`base_seq` integer NOT NULL,
	`base_account_seq` integer NOT NULL,
	`generation` integer NOT NULL,
	`seq` integer NOT NULL,
	`account_seq` integer NOT NULL,
	`used_ts` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `sliding_connections_device` ON `sliding_connections` (`user_id`,`device_id`);--> statement-breakpoint
CREATE TABLE `sliding_rooms` (
	`connection` text NOT NULL,
	`room_id` text NOT NULL,
	`generation` integer NOT NULL,
	`pos` integer NOT NULL,
	`membership` text NOT NULL,
	`seen` integer NOT NULL,
	`config` integer NOT NULL,
	`is_direct` integer NOT NULL,
	`receipts_pos` integer,
	`has_account_data` integer NOT NULL,
	PRIMARY KEY(`connection`, `room_id`, `generation`)
);
--> statement-breakpoint
CREATE INDEX `sliding_rooms_generation` ON `sliding_rooms` (`connection`,`generation`);--> statement-breakpoint
CREATE INDEX `sliding_rooms_room` ON `sliding_rooms` (`room_id`);--> statement-breakpoint
ALTER TABLE `user_rooms` ADD `by_other` integer DEFAULT 0 NOT NULL;