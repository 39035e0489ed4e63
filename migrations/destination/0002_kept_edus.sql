CREATE TABLE `kept_edus` (
	`seq` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`json` text NOT NULL,
	`count` integer NOT NULL,
	`bytes` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `kept_edus_id_unique` ON `kept_edus` (`id`);