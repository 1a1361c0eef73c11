CREATE TABLE `checkpoint` (
	`page` integer PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`seq` integer NOT NULL,
	`body` blob NOT NULL
) WITHOUT ROWID;
