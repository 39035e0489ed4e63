CREATE TABLE `device_lists` (
	`user_id` text PRIMARY KEY NOT NULL,
	`stream_id` integer,
	`is_current` integer NOT NULL,
	`checked_at` integer NOT NULL,
	`used_at` integer NOT NULL,
	`resync_at` integer,
	`attempt` integer NOT NULL,
	`bytes` integer NOT NULL,
	`anchor` text NOT NULL,
	`json` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `device_lists_used_at` ON `device_lists` (`used_at`);--> statement-breakpoint
CREATE INDEX `device_lists_resync_at` ON `device_lists` (`resync_at`);