CREATE TABLE `block` (
	`place` integer PRIMARY KEY NOT NULL,
	`hour` integer NOT NULL,
	`body` blob NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `checkpoint` (
	`page` integer PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`seq` integer NOT NULL,
	`body` blob NOT NULL
) WITHOUT ROWID;
