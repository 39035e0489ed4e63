CREATE TABLE `not_taken` (
	`room_id` text PRIMARY KEY NOT NULL,
	`times` integer NOT NULL,
	`since` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `staged` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`room_id` text NOT NULL,
	`event_id` text NOT NULL,
	`json` text NOT NULL,
	`attempts` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `staged_room` ON `staged` (`room_id`,`seq`);--> statement-breakpoint
CREATE UNIQUE INDEX `staged_room_id_event_id_unique` ON `staged` (`room_id`,`event_id`);