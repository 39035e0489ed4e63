ALTER TABLE `events` ADD `appservice` text;--> statement-breakpoint
ALTER TABLE `receipts` ADD `appservice` text;