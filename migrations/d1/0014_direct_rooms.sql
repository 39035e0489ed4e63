CREATE TABLE `direct_rooms` (
	`member_set` text PRIMARY KEY NOT NULL,
	`room_id` text,
	`holder` text,
	`until_ts` integer NOT NULL
);
