CREATE TABLE `reports` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`ts` integer NOT NULL,
	`reporter` text NOT NULL,
	`room_id` text NOT NULL,
	`event_id` text NOT NULL,
	`user_id` text NOT NULL,
	`reason` text NOT NULL,
	`event` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `reports_target` ON `reports` (`reporter`,`room_id`,`event_id`,`user_id`);