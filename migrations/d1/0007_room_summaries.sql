CREATE TABLE `room_summaries` (
	`room_id` text PRIMARY KEY NOT NULL,
	`pos` integer NOT NULL,
	`published` integer NOT NULL,
	`joined_members` integer NOT NULL,
	`room_type` text,
	`search` text NOT NULL,
	`summary` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `room_summaries_published` ON `room_summaries` (`joined_members`,`room_id`,`room_type`,`search`) WHERE published = 1;