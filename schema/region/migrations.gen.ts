// Written by scripts/generate-migrations.ts from the .sql files beside it; do not edit.
export const REGION_MIGRATIONS: readonly { readonly name: string; readonly statements: readonly string[] }[] =
  [
    {
      "name": "0000_initial",
      "statements": [
        "CREATE TABLE `block` (\n\t`place` integer PRIMARY KEY NOT NULL,\n\t`hour` integer NOT NULL,\n\t`body` blob NOT NULL\n) WITHOUT ROWID;",
        "CREATE TABLE `checkpoint` (\n\t`page` integer PRIMARY KEY NOT NULL,\n\t`version` integer NOT NULL,\n\t`seq` integer NOT NULL,\n\t`body` blob NOT NULL\n) WITHOUT ROWID;"
      ]
    }
  ];
