CREATE VIRTUAL TABLE `search_words` USING fts5(words, room, tokenize = 'ascii', detail = 'column');
--> statement-breakpoint
INSERT INTO `search_words` (`search_words`, `rank`) VALUES ('secure-delete', 1);
