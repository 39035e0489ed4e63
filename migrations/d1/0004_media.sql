CREATE TABLE `media` (
	`server` text NOT NULL,
	`media_id` text NOT NULL,
	`user_id` text,
	`content_type` text NOT NULL,
	`file_name` text,
	`size_bytes` integer NOT NULL,
	`object_key` text,
	`created_ts` integer NOT NULL,
	`expires_ts` integer,
	`accessed_ts` integer NOT NULL,
	`quarantined_by` text,
	PRIMARY KEY(`server`, `media_id`)
);
--> statement-breakpoint
CREATE INDEX `media_user` ON `media` (`user_id`,`size_bytes`);--> statement-breakpoint
CREATE INDEX `media_created` ON `media` (`created_ts`);--> statement-breakpoint
CREATE INDEX `media_awaited` ON `media` (`expires_ts`) WHERE "media"."object_key" is null;