CREATE TABLE `searched_events` (
	`id` integer PRIMARY KEY NOT NULL,
	`event_id` text NOT NULL,
	`room` integer NOT NULL,
	`type` text NOT NULL,
	`sender` text NOT NULL,
	`ts` integer NOT NULL,
	`as_of` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `searched_events_event_id_unique` ON `searched_events` (`event_id`);--> statement-breakpoint
CREATE TABLE `searched_rooms` (
	`id` integer PRIMARY KEY NOT NULL,
	`room_id` text NOT NULL,
	`complete` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `searched_rooms_room_id_unique` ON `searched_rooms` (`room_id`);