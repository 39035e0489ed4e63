CREATE TABLE `push_counts` (
	`user_id` text NOT NULL,
	`room_id` text NOT NULL,
	`unread` integer NOT NULL,
	PRIMARY KEY(`user_id`, `room_id`)
);
--> statement-breakpoint
CREATE TABLE `push_rooms` (
	`room_id` text PRIMARY KEY NOT NULL,
	`from_pos` integer NOT NULL,
	`attempts` integer NOT NULL,
	`next_try` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `push_rooms_next` ON `push_rooms` (`next_try`);--> statement-breakpoint
CREATE TABLE `pushers` (
	`user_id` text NOT NULL,
	`app_id` text NOT NULL,
	`pushkey` text NOT NULL,
	`device_id` text NOT NULL,
	`fields` text NOT NULL,
	`set_ts` integer NOT NULL,
	`attempts` integer NOT NULL,
	`next_try` integer NOT NULL,
	PRIMARY KEY(`user_id`, `app_id`, `pushkey`)
);
--> statement-breakpoint
CREATE TABLE `pushes` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`user_id` text NOT NULL,
	`app_id` text NOT NULL,
	`pushkey` text NOT NULL,
	`ts` integer NOT NULL,
	`push` text
);
--> statement-breakpoint
CREATE INDEX `pushes_pusher` ON `pushes` (`user_id`,`app_id`,`pushkey`,`id`);