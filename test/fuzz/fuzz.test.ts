import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, expect, test } from 'vitest';
import { type Edit, planted } from '../support/planted.ts';
import { failureOf, fuzz } from './engine.ts';
import { FOUND } from './found.ts';
import type { Target } from './target.ts';
import { TARGETS } from './targets/all.ts';

/** Of the cheapest decoders; `npm run fuzz -- --inputs 1000000` is the long run. */
const INPUTS = 1500;
/** Of a decoder with a check left out. */
const PLANTED_INPUTS = 3000;
const SEED = 1;
const inputsOf = ({ share = 1 }: Target): number => Math.max(100, Math.round(INPUTS * share));
const TARGETS_FOLDER = join(import.meta.dirname, 'targets');
const folder = mkdtempSync(join(tmpdir(), 'isobar-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(TARGETS)('$name: changed examples are refused or read as they must be', async (target) => {
  const { failure, accepted } = await fuzz(target, { inputs: inputsOf(target), seed: SEED });
  expect(failure).toBeNull();
  // The examples themselves at least: else nothing behind the first check is tried.
  expect(accepted).toBeGreaterThan(0);
});

test.each(FOUND)('$target: found once: $was', async ({ target: name, input }) => {
  const target = TARGETS.find((one) => one.name === name);
  expect(target && (await failureOf(target, input))).toBeNull();
});

test('the same seed gives the same inputs, another seed others', async () => {
  const inputsWith = async (seed: number): Promise<readonly string[]> => {
    const seen: string[] = [];
    const recorder: Target = {
      name: 'recorder',
      form: 'json',
      mostBytes: 1000,
      seeds: [new TextEncoder().encode('{"a":[1,2,"three"]}')],
      run: (input) => (seen.push(Buffer.from(input).toString('base64')), seen.length % 7 === 0 ? 'ok' : 'refused'),
    };
    await fuzz(recorder, { inputs: 300, seed });
    return seen;
  };
  expect(await inputsWith(5)).toEqual(await inputsWith(5));
  expect(await inputsWith(6)).not.toEqual(await inputsWith(5));
});

test('a failing input is made smaller, and is reported with its seed', async () => {
  const picky: Target = {
    name: 'picky',
    form: 'text',
    mostBytes: 4000,
    seeds: [new TextEncoder().encode('a=1&b=2&c=3&d=4')],
    words: ['&boom'],
    run(input) {
      if (Buffer.from(input).includes('boom')) throw new Error('boom at 7');
      return 'ok';
    },
  };
  const { failure } = await fuzz(picky, { inputs: 20_000, seed: 9 });
  expect(failure).toMatchObject({ target: 'picky', seed: 9, error: 'Error: boom at 7' });
  expect(Buffer.from(failure?.input ?? []).toString()).toBe('boom');
});

/** What this finds must be able to be missing: decoders without one check each, found with the inputs of this run. */
const PLANTS: readonly (Edit & { readonly module: string; readonly target: string; readonly found: RegExp })[] = [
  {
    target: 'cose-batch', module: 'senml', found: /\d+ bytes of signature/, file: 'core/cose/batch.ts',
    from: "if (signature.length !== SIGNATURE_BYTES) return malformed('the signature has 64 bytes');", to: '',
  },
  {
    target: 'packed-readings', module: 'senml', found: /out of range|two packs/, file: 'core/reading/pack.ts',
    from: "if (difference < 0) return bad('times out of order');", to: '',
  },
  {
    target: 'senml-json', module: 'senml', found: /primitive value|measured at/, file: 'core/senml/resolve.ts',
    from: 'if (!isFinite(value)) return refuse(record, `${label} is a number`);', to: '',
  },
  {
    target: 'ids', module: 'signature', found: /primitive value/, file: 'core/ids.ts',
    from: 'given: shown(given).slice(0, 80)', to: 'given: String(given).slice(0, 80)',
  },
  {
    target: 'signature-input', module: 'signature', found: /no nonce/, file: 'core/signature/signature-input.ts',
    from: "if (typeof nonce !== 'string' || !NONCE.test(nonce))", to: "if (typeof nonce !== 'string')",
  },
  {
    target: 'evidence', module: 'signature', found: /.+/, file: 'core/signature/evidence.ts',
    from: "if (!(nonce instanceof Uint8Array) || nonce.length !== 8) return bad('the nonce has 8 bytes');", to: '',
  },
]; // prettier-ignore

test.each(PLANTS)('$target: without a check of $file it fails', async ({ target: name, module, found, ...edit }) => {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [join(TARGETS_FOLDER, `${module}.ts`)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    logLevel: 'error',
    define: { 'import.meta.dirname': JSON.stringify(TARGETS_FOLDER) },
    plugins: [planted([edit])],
  });
  const exported = (await import(pathToFileURL(outfile).href)) as Readonly<Record<string, readonly Target[]>>;
  const target = Object.values(exported)
    .flat()
    .find((one) => one.name === name);
  if (target === undefined) throw new Error(`no target ${name}`);
  const { failure } = await fuzz(target, { inputs: PLANTED_INPUTS, seed: SEED });
  expect(failure?.error).toMatch(found);
});
