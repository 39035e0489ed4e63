ALTER TABLE `devices` ADD `client_id` text;--> statement-breakpoint
ALTER TABLE `users` ADD `locked` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `users` ADD `suspended` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `users` ADD `guest` integer DEFAULT 0 NOT NULL;