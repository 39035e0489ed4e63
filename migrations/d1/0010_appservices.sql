CREATE TABLE `appservices` (
	`id` text PRIMARY KEY NOT NULL,
	`as_token_hash` text NOT NULL,
	`wrapped_hs_token` text NOT NULL,
	`registration` text NOT NULL,
	`updated_ts` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `appservices_as_token_hash_unique` ON `appservices` (`as_token_hash`);