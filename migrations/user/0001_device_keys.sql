CREATE TABLE `device_keys` (
	`user_id` text NOT NULL,
	`device_id` text NOT NULL,
	`json` text NOT NULL,
	PRIMARY KEY(`user_id`, `device_id`)
);
--> statement-breakpoint
CREATE TABLE `device_lists` (
	`user_id` text PRIMARY KEY NOT NULL,
	`stream_id` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `fallback_keys` (
	`user_id` text NOT NULL,
	`device_id` text NOT NULL,
	`algorithm` text NOT NULL,
	`key_id` text NOT NULL,
	`json` text NOT NULL,
	`used` integer NOT NULL,
	PRIMARY KEY(`user_id`, `device_id`, `algorithm`)
);
--> statement-breakpoint
CREATE TABLE `one_time_keys` (
	`user_id` text NOT NULL,
	`device_id` text NOT NULL,
	`algorithm` text NOT NULL,
	`key_id` text NOT NULL,
	`uploaded_ts` integer NOT NULL,
	`json` text,
	`claimed_ts` integer,
	PRIMARY KEY(`user_id`, `device_id`, `algorithm`, `key_id`)
);
--> statement-breakpoint
CREATE INDEX `one_time_keys_next` ON `one_time_keys` (`user_id`,`device_id`,`algorithm`,`uploaded_ts`);