CREATE TABLE `relations` (
	`event_id` text PRIMARY KEY NOT NULL,
	`relates_to` text NOT NULL,
	`rel_type` text NOT NULL,
	`type` text NOT NULL,
	`sender` text NOT NULL,
	`key` text,
	`is_edit` integer NOT NULL,
	`origin_server_ts` integer NOT NULL,
	`visibility` text NOT NULL,
	`anchor` integer NOT NULL,
	`sub` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `relations_order` ON `relations` (`relates_to`,`anchor`,`sub`,`rel_type`,`visibility`,`sender`);--> statement-breakpoint
CREATE INDEX `relations_sender` ON `relations` (`relates_to`,`rel_type`,`sender`,`origin_server_ts`,`event_id`);--> statement-breakpoint
CREATE TABLE `threads` (
	`root_id` text PRIMARY KEY NOT NULL,
	`anchor` integer NOT NULL,
	`sub` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `threads_order` ON `threads` (`anchor`,`sub`);