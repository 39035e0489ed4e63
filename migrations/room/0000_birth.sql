CREATE TABLE `backward_extremities` (
	`event_id` text NOT NULL,
	`child_event_id` text NOT NULL,
	PRIMARY KEY(`child_event_id`, `event_id`)
);
--> statement-breakpoint
CREATE INDEX `backward_extremities_event` ON `backward_extremities` (`event_id`);--> statement-breakpoint
CREATE TABLE `event_auth` (
	`event_id` text NOT NULL,
	`auth_event_id` text NOT NULL,
	`is_state` integer NOT NULL,
	PRIMARY KEY(`event_id`, `auth_event_id`)
);
--> statement-breakpoint
CREATE INDEX `event_auth_event` ON `event_auth` (`auth_event_id`,`is_state`);--> statement-breakpoint
CREATE TABLE `event_edges` (
	`event_id` text NOT NULL,
	`prev_event_id` text NOT NULL,
	PRIMARY KEY(`event_id`, `prev_event_id`)
);
--> statement-breakpoint
CREATE INDEX `event_edges_prev` ON `event_edges` (`prev_event_id`);--> statement-breakpoint
CREATE TABLE `events` (
	`event_id` text PRIMARY KEY NOT NULL,
	`pos` integer,
	`anchor` integer,
	`sub` integer,
	`type` text NOT NULL,
	`state_key` text,
	`sender` text NOT NULL,
	`depth` integer NOT NULL,
	`origin_server_ts` integer NOT NULL,
	`redacts` text,
	`relates_to` text,
	`rel_type` text,
	`status` text NOT NULL,
	`provisional` integer NOT NULL,
	`reason` text,
	`auth_height` integer NOT NULL,
	`visibility` text,
	`redacted_by` text,
	`before_pos` integer,
	`before_group` integer,
	`after_pos` integer,
	`after_group` integer,
	`received_ts` integer NOT NULL,
	`relayed_from` text,
	`json` text,
	`segment` text,
	`offset` integer
);
--> statement-breakpoint
CREATE INDEX `events_history` ON `events` (`anchor`,`sub`);--> statement-breakpoint
CREATE INDEX `events_redacts` ON `events` (`redacts`);--> statement-breakpoint
CREATE INDEX `events_relation` ON `events` (`relates_to`);--> statement-breakpoint
CREATE TABLE `forward_extremities` (
	`event_id` text PRIMARY KEY NOT NULL
);
--> statement-breakpoint
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
CREATE TABLE `operations` (
	`op_id` text PRIMARY KEY NOT NULL,
	`answer` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `operations_at` ON `operations` (`at`);--> statement-breakpoint
CREATE TABLE `parked` (
	`event_id` text PRIMARY KEY NOT NULL,
	`origin` text NOT NULL,
	`json` text NOT NULL,
	`reason` text NOT NULL,
	`attempts` integer NOT NULL,
	`parked_ts` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `parked_ts` ON `parked` (`parked_ts`);--> statement-breakpoint
CREATE TABLE `parked_missing` (
	`missing_id` text NOT NULL,
	`event_id` text NOT NULL,
	PRIMARY KEY(`missing_id`, `event_id`)
);
--> statement-breakpoint
CREATE INDEX `parked_missing_event` ON `parked_missing` (`event_id`);--> statement-breakpoint
CREATE TABLE `sagas` (
	`kind` text NOT NULL,
	`key` text NOT NULL,
	`step` text NOT NULL,
	`data` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`kind`, `key`)
);
--> statement-breakpoint
CREATE TABLE `staged` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`event_id` text NOT NULL,
	`origin` text NOT NULL,
	`json` text NOT NULL,
	`attempts` integer NOT NULL,
	`received_ts` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `staged_event_id_unique` ON `staged` (`event_id`);--> statement-breakpoint
CREATE TABLE `transactions` (
	`scope` text NOT NULL,
	`path` text NOT NULL,
	`txn_id` text NOT NULL,
	`event_id` text NOT NULL,
	`ts` integer NOT NULL,
	PRIMARY KEY(`scope`, `path`, `txn_id`)
);
--> statement-breakpoint
CREATE INDEX `transactions_ts` ON `transactions` (`ts`);--> statement-breakpoint
CREATE INDEX `transactions_event` ON `transactions` (`event_id`);--> statement-breakpoint
CREATE TABLE `state` (
	`type` text NOT NULL,
	`state_key` text NOT NULL,
	`from_pos` integer NOT NULL,
	`to_pos` integer NOT NULL,
	`event_id` text NOT NULL,
	`membership` text,
	PRIMARY KEY(`type`, `state_key`, `from_pos`)
);
--> statement-breakpoint
CREATE INDEX `state_open` ON `state` (`to_pos`,`type`);--> statement-breakpoint
CREATE TABLE `state_group_changes` (
	`group_id` integer NOT NULL,
	`type` text NOT NULL,
	`state_key` text NOT NULL,
	`event_id` text,
	PRIMARY KEY(`group_id`, `type`, `state_key`)
);
--> statement-breakpoint
CREATE TABLE `state_groups` (
	`group_id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`base_pos` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `local_users` (
	`user_id` text PRIMARY KEY NOT NULL,
	`shard` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `receipts` (
	`user_id` text NOT NULL,
	`type` text NOT NULL,
	`thread_id` text NOT NULL,
	`event_id` text NOT NULL,
	`ts` integer NOT NULL,
	`pos` integer NOT NULL,
	PRIMARY KEY(`user_id`, `type`, `thread_id`)
);
--> statement-breakpoint
CREATE INDEX `receipts_pos` ON `receipts` (`pos`);--> statement-breakpoint
CREATE TABLE `receivers` (
	`receiver` text PRIMARY KEY NOT NULL,
	`from_pos` integer NOT NULL,
	`detached` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `stream` (
	`pos` integer PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`event_id` text,
	`type` text,
	`state_key` text,
	`before_event_id` text
);
--> statement-breakpoint
CREATE INDEX `stream_kind` ON `stream` (`kind`,`pos`);