CREATE TABLE `appservice_messages` (
	`number` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`appservice_id` text NOT NULL,
	`user_id` text NOT NULL,
	`device_id` text NOT NULL,
	`sender` text NOT NULL,
	`type` text NOT NULL,
	`content` text NOT NULL,
	`ts` integer NOT NULL,
	`count` integer NOT NULL,
	`bytes` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `appservice_messages_of` ON `appservice_messages` (`appservice_id`,`number`);--> statement-breakpoint
CREATE TABLE `to_device` (
	`user_id` text NOT NULL,
	`device_id` text NOT NULL,
	`seq` integer NOT NULL,
	`sender` text NOT NULL,
	`type` text NOT NULL,
	`content` text NOT NULL,
	`count` integer NOT NULL,
	`bytes` integer NOT NULL,
	PRIMARY KEY(`user_id`, `device_id`, `seq`)
);
--> statement-breakpoint
CREATE TABLE `to_device_received` (
	`number` integer PRIMARY KEY NOT NULL,
	`sender` text NOT NULL,
	`message_id` text NOT NULL,
	`ts` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `to_device_received_id` ON `to_device_received` (`sender`,`message_id`);