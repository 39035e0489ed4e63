CREATE TABLE `url_previews` (
	`key` text PRIMARY KEY NOT NULL,
	`preview` text,
	`image_url` text,
	`fetched_ts` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `url_previews_fetched` ON `url_previews` (`fetched_ts`);