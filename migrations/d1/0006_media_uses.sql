CREATE TABLE `media_uses` (
	`media_id` text NOT NULL,
	`event_id` text NOT NULL,
	PRIMARY KEY(`media_id`, `event_id`)
);
--> statement-breakpoint
CREATE INDEX `media_uses_event` ON `media_uses` (`event_id`);