CREATE TABLE `accounts` (
	`user_id` text PRIMARY KEY NOT NULL,
	`shard` text NOT NULL,
	`password_hash` text,
	`admin` integer NOT NULL,
	`deactivated` integer NOT NULL,
	`created_ts` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `accounts_shard` ON `accounts` (`shard`);--> statement-breakpoint
CREATE TABLE `registration_tokens` (
	`token` text PRIMARY KEY NOT NULL,
	`uses_allowed` integer,
	`completed` integer NOT NULL,
	`expires_ts` integer,
	`admin` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `aliases` (
	`alias` text PRIMARY KEY NOT NULL,
	`room_id` text NOT NULL,
	`creator` text NOT NULL,
	`state` text NOT NULL,
	`ts` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `aliases_room` ON `aliases` (`room_id`);--> statement-breakpoint
CREATE TABLE `events` (
	`event_id` text PRIMARY KEY NOT NULL,
	`room_id` text NOT NULL,
	`pos` integer NOT NULL,
	`type` text NOT NULL,
	`sender` text NOT NULL,
	`origin_server_ts` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `events_room` ON `events` (`room_id`,`pos`);--> statement-breakpoint
CREATE TABLE `memberships` (
	`room_id` text NOT NULL,
	`user_id` text NOT NULL,
	`membership` text NOT NULL,
	`pos` integer NOT NULL,
	PRIMARY KEY(`room_id`, `user_id`)
);
--> statement-breakpoint
CREATE INDEX `memberships_user` ON `memberships` (`user_id`);--> statement-breakpoint
CREATE TABLE `rooms` (
	`room_id` text PRIMARY KEY NOT NULL,
	`room_version` text NOT NULL,
	`created_ts` integer NOT NULL,
	`published` integer NOT NULL,
	`projected_pos` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `audit_log` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`ts` integer NOT NULL,
	`user_id` text NOT NULL,
	`action` text NOT NULL,
	`detail` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `settings` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `signing_keys` (
	`key_id` text PRIMARY KEY NOT NULL,
	`wrapped_seed` text NOT NULL,
	`public_key` text NOT NULL,
	`created_ts` integer NOT NULL,
	`expired_ts` integer,
	`active` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `signing_keys_active_unique` ON `signing_keys` (`active`);