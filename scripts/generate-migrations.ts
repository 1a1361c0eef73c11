/**
 * Writes the migrations of D1 and of the region object from their Drizzle tables: new tables or columns become a new
 * numbered file, what was released is never rewritten. Every table is WITHOUT ROWID, which Drizzle cannot say: a
 * composite or text primary key on a rowid table costs two rows written for each row.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './lib/files.ts';
import { Refusal } from './lib/say.ts';

type Target = {
  readonly config: string;
  readonly folder: string;
  /** The same SQL as a TypeScript module, so that no bundler needs a rule for .sql files. */
  readonly module?: { readonly path: string; readonly constant: string };
};

const TARGETS: readonly Target[] = [
  { config: 'drizzle.config.ts', folder: 'schema/d1/migrations' },
  {
    config: 'schema/region/drizzle.config.ts',
    folder: 'schema/region/migrations',
    module: { path: 'schema/region/migrations.gen.ts', constant: 'REGION_MIGRATIONS' },
  },
];

const BREAKPOINT = '--> statement-breakpoint';

/** drizzle-kit writes one statement after another; only CREATE TABLE is changed. */
export function withoutRowid(sql: string): string {
  return sql
    .split(BREAKPOINT)
    .map((statement) => {
      if (!/^\s*CREATE TABLE/i.test(statement) || /WITHOUT ROWID/i.test(statement)) return statement;
      if (/AUTOINCREMENT/i.test(statement) || !/PRIMARY KEY/i.test(statement)) {
        throw new Refusal(`this table needs a primary key without AUTOINCREMENT: ${statement.trim().slice(0, 60)}...`);
      }
      return statement.replace(/\)\s*;\s*$/, ') WITHOUT ROWID;\n');
    })
    .join(BREAKPOINT);
}

/** The statements of each migration, in order. */
function moduleText(folder: string, constant: string): string {
  const migrations = sqlFiles(folder).map((file) => ({
    name: file.slice(0, -'.sql'.length),
    statements: readFileSync(join(folder, file), 'utf8')
      .split(BREAKPOINT)
      .map((statement) => statement.trim()),
  }));
  return [
    '// Written by scripts/generate-migrations.ts from the .sql files beside it; do not edit.',
    `export const ${constant}: readonly { readonly name: string; readonly statements: readonly string[] }[] =`,
    `  ${JSON.stringify(migrations, null, 2).replaceAll('\n', '\n  ')};`,
    '',
  ].join('\n');
}

const sqlFiles = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .toSorted();

/** Brings `out` (a copy or the real folder) up to date with the tables. */
function generateInto(target: Target, out: string, name: string): void {
  const scratch = join(ROOT, 'node_modules/.cache/isobar');
  mkdirSync(scratch, { recursive: true });
  // drizzle-kit takes no --out beside --config, so the config is wrapped.
  const config = join(scratch, `${target.folder.replaceAll('/', '-')}.config.ts`);
  const base = JSON.stringify(join(ROOT, target.config));
  writeFileSync(config, `import base from ${base};\nexport default { ...base, out: ${JSON.stringify(out)} };\n`);
  const drizzleKit = join(ROOT, 'node_modules/drizzle-kit/bin.cjs');
  try {
    const nodeArgs = [drizzleKit, 'generate', '--config', config, '--name', name];
    execFileSync(process.execPath, nodeArgs, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Refusal(`drizzle-kit could not read ${target.config}: ${String((error as { stderr?: string }).stderr)}`);
  }
  // Its own module imports .sql files, which needs a bundler rule; ours does not.
  rmSync(join(ROOT, out, 'migrations.js'), { force: true });
  for (const file of sqlFiles(join(ROOT, out))) {
    const path = join(ROOT, out, file);
    const sql = readFileSync(path, 'utf8');
    const wanted = withoutRowid(sql);
    if (wanted !== sql) writeFileSync(path, wanted);
  }
}

/** `squash` writes one initial migration anew: only before a schema was ever deployed. */
export function generateMigrations(options: { readonly squash: boolean }): void {
  for (const target of presentTargets()) {
    if (options.squash) rmSync(join(ROOT, target.folder), { recursive: true, force: true });
    generateInto(target, target.folder, options.squash ? 'initial' : 'change');
    if (target.module)
      writeFileSync(join(ROOT, target.module.path), moduleText(join(ROOT, target.folder), target.module.constant));
  }
}

/** Names what `npm run generate` would change, without changing it. */
export function outdatedMigrations(): readonly string[] {
  return presentTargets().flatMap((target) => {
    const folder = join(ROOT, target.folder);
    if (!existsSync(folder)) return [target.folder];
    const copy = join('node_modules/.cache/isobar', target.folder);
    rmSync(join(ROOT, copy), { recursive: true, force: true });
    cpSync(folder, join(ROOT, copy), { recursive: true });
    generateInto(target, copy, 'change');
    const outdated = sqlFiles(join(ROOT, copy))
      .filter((file) => readIfPresent(join(folder, file)) !== readIfPresent(join(ROOT, copy, file)))
      .map((file) => `${target.folder}/${file}`);
    const { module } = target;
    const same = !module || readIfPresent(join(ROOT, module.path)) === moduleText(folder, module.constant);
    return same ? outdated : [...outdated, module.path];
  });
}

const presentTargets = () => TARGETS.filter((target) => existsSync(join(ROOT, target.config)));

const readIfPresent = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
