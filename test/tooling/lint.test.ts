/** Lint refuses what would make a verdict depend on the engine, the hour or chance. Runs the real oxlint and its rules. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/files.ts';

const REFUSED: readonly (readonly [what: string, source: string])[] = [
  ['Math.log', 'export const x = Math.log(2);'],
  ['Math.exp', "export const x = Math['exp'](2);"],
  ['an alias of Math', 'const { pow } = Math;\nexport const x = pow(2, 3);'],
  ['**', 'export const cube = (x: number) => x ** 3;'],
  ['Math.random', 'export const x = Math.random();'],
  ['Date.now', 'export const x = Date.now();'],
  ['new Date()', 'export const x = new Date();'],
  ['performance', 'export const x = performance.now();'],
  ['crypto', 'export const x = crypto.randomUUID();'],
  ['process', 'export const x = process.env;'],
  ['fetch', "export const x = () => fetch('https://isobar.example');"],
  ['setTimeout', 'export const x = (f: () => void) => setTimeout(f, 1);'],
];

const EXACT =
  'export const mean = (sum: number, n: number) => Math.sqrt(sum / n) + Math.floor(n) + Number(2n ** 64n);\n' +
  'export const text = (ms: number) => new Date(ms).toISOString();\n';

const disabled = (comment: string) => `// oxlint-disable-next-line no-alert${comment}\nalert('x');\n`;

const PROBES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(REFUSED.map(([, source], index) => [`core/refused-${index}.ts`, `${source}\n`])),
  'core/exact.ts': EXACT,
  'core/exact.test.ts': 'export const x = Math.log(2);\n',
  'worker/clock.ts': 'export const x = Date.now();\n',
  'worker/silent.ts': disabled(''),
  'worker/explained.ts': disabled(' -- the command speaks to a person'),
};

/** One run over all probes, in a folder of their own: messages by file. */
function lintProbes(): ReadonlyMap<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'isobar-lint-'));
  try {
    const config = JSON.parse(readFileSync(join(ROOT, '.oxlintrc.json'), 'utf8')) as Record<string, unknown>;
    const jsPlugins = [join(ROOT, 'scripts/lint/plugin.ts')];
    writeFileSync(join(folder, '.oxlintrc.json'), JSON.stringify({ ...config, jsPlugins, options: {} }));
    for (const [path, source] of Object.entries(PROBES)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), source);
    }
    const oxlint = join(ROOT, 'node_modules/.bin/oxlint');
    const { stdout } = spawnSync(process.execPath, [oxlint, '--format', 'unix'], { cwd: folder, encoding: 'utf8' });
    const lines = stdout.split('\n');
    return new Map(
      Object.keys(PROBES).map((path) => [path, lines.filter((line) => line.startsWith(`${path}:`)).join('\n')]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const found = lintProbes();

test.each(REFUSED.map(([what], index) => [what, index] as const))('core must not use %s', (what, index) => {
  expect(found.get(`core/refused-${index}.ts`)).toContain(`core/ must not use ${what}`);
});

test('core may count, divide, take square roots and format a given time', () => {
  expect(found.get('core/exact.ts')).toBe('');
});

test('the rule is for core alone, and not for its tests', () => {
  expect(found.get('core/exact.test.ts')).toBe('');
  expect(found.get('worker/clock.ts')).toBe('');
});

test('a rule is not switched off without a reason', () => {
  expect(found.get('worker/silent.ts')).toContain('needs its reason');
  expect(found.get('worker/explained.ts')).toBe('');
});
