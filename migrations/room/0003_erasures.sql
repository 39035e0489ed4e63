CREATE TABLE `erasures` (
	`user_id` text PRIMARY KEY NOT NULL,
	`pos` integer NOT NULL
);
