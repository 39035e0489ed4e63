ALTER TABLE `parked` ADD `detail` text;--> statement-breakpoint
ALTER TABLE `parked` ADD `retry_at` integer;--> statement-breakpoint
CREATE INDEX `parked_origin` ON `parked` (`origin`,`parked_ts`);--> statement-breakpoint
CREATE INDEX `parked_retry` ON `parked` (`retry_at`);