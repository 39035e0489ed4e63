CREATE TABLE `shards` (
	`name` text PRIMARY KEY NOT NULL,
	`number` integer NOT NULL,
	`accounts` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `shards_number_unique` ON `shards` (`number`);