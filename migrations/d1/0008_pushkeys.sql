CREATE TABLE `pushkeys` (
	`place` text NOT NULL,
	`user_id` text NOT NULL,
	`shard` text NOT NULL,
	PRIMARY KEY(`place`, `user_id`)
);
