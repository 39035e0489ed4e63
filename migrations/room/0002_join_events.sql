CREATE TABLE `join_events` (
	`event_id` text PRIMARY KEY NOT NULL,
	`depth` integer NOT NULL,
	`is_state` integer NOT NULL,
	`json` text,
	`unverified` text
);
--> statement-breakpoint
CREATE INDEX `join_events_open` ON `join_events` (`unverified`,`depth`);