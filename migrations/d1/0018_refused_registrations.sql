CREATE TABLE `refused_registrations` (
	`file` text PRIMARY KEY NOT NULL,
	`reason` text NOT NULL
);
