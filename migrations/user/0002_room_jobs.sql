CREATE TABLE `room_jobs` (
	`kind` text NOT NULL,
	`user_id` text NOT NULL,
	`room_id` text NOT NULL,
	`revision` integer NOT NULL,
	`attempts` integer NOT NULL,
	`at` integer,
	PRIMARY KEY(`kind`, `user_id`, `room_id`)
);
--> statement-breakpoint
CREATE INDEX `room_jobs_at` ON `room_jobs` (`at`);