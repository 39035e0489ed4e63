CREATE TABLE `presence` (
	`user_id` text PRIMARY KEY NOT NULL,
	`presence` text NOT NULL,
	`status_msg` text,
	`active_ts` integer,
	`active` integer NOT NULL
);
