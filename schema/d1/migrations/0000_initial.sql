CREATE TABLE `device` (
	`device` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`cell` text NOT NULL,
	`status` text NOT NULL,
	`owner` text NOT NULL,
	`display_name` text NOT NULL,
	`place` text NOT NULL,
	`latitude_e5` integer NOT NULL,
	`longitude_e5` integer NOT NULL,
	`elevation_m` integer,
	`tier` integer NOT NULL,
	`density` text NOT NULL,
	`claimed_ms` integer NOT NULL,
	`act` text,
	`predecessor` text,
	`came_from` text
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `device_cell` ON `device` (`cell`);--> statement-breakpoint
CREATE INDEX `device_place` ON `device` (`place`);--> statement-breakpoint
CREATE INDEX `device_latitude` ON `device` (`latitude_e5`);--> statement-breakpoint
CREATE INDEX `device_predecessor` ON `device` (`predecessor`);--> statement-breakpoint
CREATE TABLE `region` (
	`cell` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`rules` text NOT NULL,
	`rule_set_hash` text NOT NULL,
	`boundary` text NOT NULL,
	`first_hour` integer,
	`closed_through` integer,
	`batches` integer NOT NULL,
	`readings` integer NOT NULL,
	`state_hash` text NOT NULL,
	`slots` text DEFAULT '[]' NOT NULL,
	`operator` text
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `region_hour` (
	`cell` text NOT NULL,
	`hour` integer NOT NULL,
	`spans` text,
	`cells` text NOT NULL,
	`state_hash` text,
	`segment_key` text,
	`segment_root` text,
	`from_seq` integer,
	`to_seq` integer,
	PRIMARY KEY(`cell`, `hour`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `device_day` (
	`device` text NOT NULL,
	`epoch` integer NOT NULL,
	`cell` text NOT NULL,
	`owner` text NOT NULL,
	`status` text NOT NULL,
	`tier` integer NOT NULL,
	`density` text NOT NULL,
	`claimed_ms` integer NOT NULL,
	`latitude_e5` integer NOT NULL,
	`longitude_e5` integer NOT NULL,
	`origin` text,
	`score_bps` integer NOT NULL,
	`score30_bps` integer NOT NULL,
	`weekly_bps` integer NOT NULL,
	`eligible` integer NOT NULL,
	`parts` text NOT NULL,
	`series` text NOT NULL,
	`late` integer NOT NULL,
	`late_series` text NOT NULL,
	PRIMARY KEY(`device`, `epoch`, `cell`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `anomaly_event` (
	`device` text NOT NULL,
	`quantity` text NOT NULL,
	`test` text NOT NULL,
	`start_hour` integer NOT NULL,
	`end_hour` integer,
	`cell` text NOT NULL,
	`flag` integer NOT NULL,
	`severity` real NOT NULL,
	`evidence` text NOT NULL,
	PRIMARY KEY(`device`, `quantity`, `test`, `start_hour`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `epoch` (
	`epoch` integer PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`root` text NOT NULL,
	`total` text NOT NULL,
	`reserved` text NOT NULL,
	`usdc_total` text NOT NULL,
	`sales` integer NOT NULL,
	`usage_hash` text NOT NULL,
	`recipients` integer NOT NULL,
	`devices` integer NOT NULL,
	`batch_count` integer NOT NULL,
	`report_hash` text NOT NULL,
	`rule_set_hash` text NOT NULL,
	`data_root` text NOT NULL,
	`computed_ms` integer NOT NULL,
	`commit_hash` text,
	`commit_block` integer,
	`mint_hashes` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `payout` (
	`epoch` integer NOT NULL,
	`owner` text NOT NULL,
	`amount` text NOT NULL,
	`usdc` text NOT NULL,
	`shares` text NOT NULL,
	PRIMARY KEY(`epoch`, `owner`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `sale` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`usdc` text NOT NULL,
	`served` text NOT NULL,
	`bought` text,
	`transaction_hash` text,
	`sold_ms` integer NOT NULL,
	`epoch` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `sale_epoch` ON `sale` (`epoch`,`sold_ms`);--> statement-breakpoint
CREATE TABLE `usage_cut` (
	`epoch` integer PRIMARY KEY NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `recall` (
	`id` text PRIMARY KEY NOT NULL,
	`device` text NOT NULL,
	`quantities` text,
	`from_ms` integer NOT NULL,
	`until_ms` integer NOT NULL,
	`reason` text NOT NULL,
	`created_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `registry_act` (
	`hash` text PRIMARY KEY NOT NULL,
	`device` text NOT NULL,
	`successor` text,
	`kind` text NOT NULL,
	`version` integer NOT NULL,
	`cell` text NOT NULL,
	`from_cell` text,
	`issued_at` integer NOT NULL,
	`received_ms` integer NOT NULL,
	`act` text NOT NULL,
	`outcome` text NOT NULL,
	`told` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `registry_act_device` ON `registry_act` (`device`);--> statement-breakpoint
CREATE INDEX `registry_act_successor` ON `registry_act` (`successor`);--> statement-breakpoint
CREATE INDEX `registry_act_untold` ON `registry_act` (`received_ms`) WHERE told = 0;--> statement-breakpoint
CREATE TABLE `waiting_claim` (
	`device` text NOT NULL,
	`code` text NOT NULL,
	`hash` text NOT NULL,
	`act` text NOT NULL,
	`owner_signature` text NOT NULL,
	`position` text NOT NULL,
	`received_ms` integer NOT NULL,
	PRIMARY KEY(`device`, `code`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `waiting_claim_received` ON `waiting_claim` (`received_ms`);--> statement-breakpoint
CREATE TABLE `device_fork` (
	`cell` text NOT NULL,
	`older` integer NOT NULL,
	`seq` integer NOT NULL,
	`hour` integer NOT NULL,
	`device` text NOT NULL,
	`verdict` text NOT NULL,
	`received_ms` integer NOT NULL,
	`branches` text NOT NULL,
	`proof` text NOT NULL,
	PRIMARY KEY(`cell`, `older`, `seq`, `hour`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `fork_device` ON `device_fork` (`device`);