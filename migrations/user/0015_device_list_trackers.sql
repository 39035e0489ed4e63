CREATE TABLE `device_list_trackers` (
	`user_id` text NOT NULL,
	`server` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`user_id`, `server`)
);
--> statement-breakpoint
CREATE INDEX `device_list_trackers_at` ON `device_list_trackers` (`user_id`,`at`);