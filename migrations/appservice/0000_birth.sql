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
CREATE TABLE `rooms` (
	`room_id` text PRIMARY KEY NOT NULL,
	`epoch` text NOT NULL,
	`pos` integer,
	`target` integer NOT NULL,
	`waiting_ts` integer,
	`turn` integer,
	`attempts` integer NOT NULL,
	`retry_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `rooms_turn` ON `rooms` (`turn`);--> statement-breakpoint
CREATE TABLE `shard_cursors` (
	`shard` text PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`head` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `transactions` (
	`txn_id` text PRIMARY KEY NOT NULL,
	`body` text NOT NULL,
	`events` integer NOT NULL,
	`made_ts` integer NOT NULL
);
