CREATE TABLE `oauth_clients` (
	`client_id` text PRIMARY KEY NOT NULL,
	`metadata` text NOT NULL,
	`used` integer NOT NULL,
	`registered_ts` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `oauth_clients_unused` ON `oauth_clients` (`used`,`registered_ts`);