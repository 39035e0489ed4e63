CREATE TABLE `destinations` (
	`server` text PRIMARY KEY NOT NULL,
	`registered_ts` integer NOT NULL
);
