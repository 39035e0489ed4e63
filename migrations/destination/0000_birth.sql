CREATE TABLE `duties` (
	`kind` text NOT NULL,
	`key` text NOT NULL,
	`at` integer,
	`attempt` integer NOT NULL,
	PRIMARY KEY(`kind`, `key`)
);
--> statement-breakpoint
CREATE INDEX `duties_at` ON `duties` (`at`);--> statement-breakpoint
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `parked_pdus` (
	`room_id` text NOT NULL,
	`event_id` text NOT NULL,
	`reason` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`room_id`, `event_id`)
);
--> statement-breakpoint
CREATE INDEX `parked_pdus_at` ON `parked_pdus` (`at`);--> statement-breakpoint
CREATE TABLE `room_cursors` (
	`room_id` text PRIMARY KEY NOT NULL,
	`epoch` text NOT NULL,
	`from_pos` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `verify_keys` (
	`key_id` text PRIMARY KEY NOT NULL,
	`public_key` text NOT NULL,
	`valid_until` integer NOT NULL
);
