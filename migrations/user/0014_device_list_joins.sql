CREATE TABLE `device_list_joins` (
	`user_id` text NOT NULL,
	`room_id` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`user_id`, `room_id`)
);
