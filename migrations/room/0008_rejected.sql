CREATE TABLE `rejected` (
	`seq` integer PRIMARY KEY NOT NULL,
	`event_id` text NOT NULL,
	`origin` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `rejected_event_id_unique` ON `rejected` (`event_id`);--> statement-breakpoint
CREATE INDEX `rejected_origin` ON `rejected` (`origin`,`seq`);