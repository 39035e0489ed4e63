CREATE TABLE `federation_verdicts` (
	`user_id` text PRIMARY KEY NOT NULL,
	`allowed` integer NOT NULL
);
