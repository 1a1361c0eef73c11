import { expect, test } from 'vitest';
import { findForbiddenImports, importsOf } from '../../scripts/check-imports.ts';
import { findLongFiles, LINE_LIMIT } from '../../scripts/check-file-size.ts';
import { withoutRowid } from '../../scripts/generate-migrations.ts';

const forbidden = (path: string, source: string) => findForbiddenImports([path], () => source);

test.each([
  ['core/x.ts', "import { hono } from 'hono';"],
  ['core/x.ts', "import { readFileSync } from 'node:fs';"],
  ['core/region/x.ts', "import type { A } from '../../schema/d1/devices.ts';"],
  ['schema/d1/x.ts', "import { A } from '../../worker/env.ts';"],
  ['durable-objects/x.ts', "import {\n  A,\n  B,\n} from '../worker/env.ts';"],
  ['worker/x.ts', "const a = await import('../scripts/start.ts');"],
  ['worker/x.test.ts', "import { A } from '../scripts/start.ts';"],
  ['worker/x.ts', "import { A } from '../contracts/tools/solc.cjs';"],
  ['sensors/x.ts', "import { A } from '../schema/d1/devices.ts';"],
  ['buyers/client/x.ts', "import { A } from '../../schema/api/public.ts';"],
  ['buyers/client/x.ts', "import { readFile } from 'node:fs/promises';"],
  ['web/x.ts', "import { A } from '../schema/api/public.ts';"],
  ['worker/x.ts', "import { A } from '../schema/api/public.ts';"],
  ['web/x.ts', "import type { A } from '../schema/d1/devices.ts';"],
  ['web/x.ts', "import { hc } from 'hono/client';"],
])('%s may not say %s', (path, source) => {
  expect(forbidden(path, source)).toHaveLength(1);
});

test.each([
  ['core/x.ts', "import { sha256 } from '@noble/hashes/sha2.js';\nimport { ok } from './result.ts';"],
  ['core/x.test.ts', "import { test } from 'vitest';\nimport fc from 'fast-check';"],
  ['schema/api/x.ts', "import { z } from 'zod';\nimport type { A } from '../../core/ids.ts';"],
  ['worker/x.ts', "import { Hono } from 'hono';\nimport { A } from '../contracts/abi/reward-token.gen.ts';"],
  ['buyers/client/file-store.ts', "import { readFile } from 'node:fs/promises';"],
  ['buyers/client/x.ts', "import { x402Client } from '@x402/fetch';\nimport { ok } from '../../core/result.ts';"],
  ['web/x.ts', "import type { A } from '../schema/api/public.ts';"],
  ['worker/x.ts', "import type { A } from '../schema/api/public.ts';"],
  ['scripts/x.ts', "import { A } from '../worker/env.ts';"],
  ['core/x.ts', "/** import { x } from 'hono' */\n// import { y } from 'viem'\nexport const a = 1;"],
])('%s may say %s', (path, source) => {
  expect(forbidden(path, source)).toEqual([]);
});

test('every form of import is seen', () => {
  const source = "import 'a';\nimport b from 'b';\nexport * from 'c';\nexport type { D } from 'd';\nvoid import('e');";
  expect(importsOf(source).map((wanted) => wanted.specifier)).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('a file over the limit is named, generated ones are not', () => {
  const text = 'x\n'.repeat(LINE_LIMIT + 1);
  expect(findLongFiles(['core/a.ts', 'contracts/abi/a.gen.ts', 'schema/d1/migrations/a.sql'], () => text)).toEqual([
    { path: 'core/a.ts', lines: LINE_LIMIT + 1 },
  ]);
  expect(findLongFiles(['core/a.ts'], () => 'x\n'.repeat(LINE_LIMIT))).toEqual([]);
});

test('every table of a migration is WITHOUT ROWID, once', () => {
  const sql =
    'CREATE TABLE `a` (`x` text PRIMARY KEY NOT NULL);\n--> statement-breakpoint\nALTER TABLE `b` ADD `y` text;';
  const once = withoutRowid(sql);
  expect(once).toBe(
    'CREATE TABLE `a` (`x` text PRIMARY KEY NOT NULL) WITHOUT ROWID;\n--> statement-breakpoint\nALTER TABLE `b` ADD `y` text;',
  );
  expect(withoutRowid(once)).toBe(once);
  expect(() => withoutRowid('CREATE TABLE `a` (`x` text);')).toThrow('needs a primary key');
});
