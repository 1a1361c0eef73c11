/**
 * `web/` to `web/dist/`, what wrangler.toml serves: the page and the one that an owner claims a device on, each with a script and
 * a style sheet, the outlines of land, the OpenAPI documents and the page that shows them.
 * `--out DIR` builds elsewhere. Prints the sizes and fails when a page outgrows its budget.
 */
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { documentFiles } from './openapi/files.ts';
import { writeReferencePage } from './web/reference-page.ts';
import { replaceFiles } from './web/replace-files.ts';

const WEB = join(dirname(fileURLToPath(import.meta.url)), '..', 'web');
const OUT = resolve(parseArgs({ options: { out: { type: 'string' } } }).values.out ?? join(WEB, 'dist'));
const require = createRequire(import.meta.url);

/** gzip bytes of script and styles together. The map library is half of the first; the second has H3 (63 kB) besides. */
const BUDGETS = [
  { page: 'index.html', parts: ['app.js', 'app.css'], bytes: 90_000 },
  { page: 'claim.html', parts: ['claim.js', 'claim.css'], bytes: 125_000 },
];

const started = performance.now();
await mkdir(dirname(OUT), { recursive: true });
// Beside it, so that files can be renamed into it; and a `dist`, which git, linter and formatter know to leave alone.
const partial = await mkdtemp(join(dirname(OUT), '.partial-'));
const DIST = join(partial, 'dist');
await mkdir(DIST);
await build({
  entryPoints: { app: join(WEB, 'main.ts'), claim: join(WEB, 'claim', 'main.ts') },
  outdir: DIST,
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome111', 'firefox113', 'safari16.4'],
  // The package's `main` is a UMD bundle of everything; its ES module lets unused parts be dropped.
  alias: { leaflet: 'leaflet/dist/leaflet-src.esm.js' },
  legalComments: 'linked',
  logLevel: 'warning',
});
await build({
  entryPoints: { app: join(WEB, 'styles', 'main.css'), claim: join(WEB, 'styles', 'claim.css') },
  outdir: DIST,
  bundle: true,
  minify: true,
  target: ['chrome111', 'firefox113', 'safari16.4'],
  // Pictures of Leaflet's default mark and layer control, which the page does not use.
  loader: { '.png': 'dataurl' },
  logLevel: 'warning',
});
for (const name of ['index.html', '_headers', 'static/icon.svg'])
  await copyFile(join(WEB, name), join(DIST, name.replace('static/', '')));
await copyFile(join(WEB, 'claim', 'index.html'), join(DIST, 'claim.html'));
await writeFile(join(DIST, 'land-50m.json'), await landWithoutNames());
for (const [path, text] of Object.entries(documentFiles())) {
  await mkdir(dirname(join(DIST, path)), { recursive: true });
  await writeFile(join(DIST, path), text);
}
await writeReferencePage(join(WEB, 'reference'), join(DIST, 'docs/api'));
await mkdir(OUT, { recursive: true });
await replaceFiles(DIST, OUT);
await rm(partial, { recursive: true });

/** Only shapes: the atlas carries names and ids too, and the union of all countries, which the page makes itself. */
async function landWithoutNames(): Promise<string> {
  const atlas: unknown = JSON.parse(await readFile(require.resolve('world-atlas/countries-50m.json'), 'utf8'));
  return JSON.stringify(atlas, (key, value: unknown) =>
    key === 'properties' || key === 'id' || key === 'land' ? undefined : value,
  );
}

const zippedBytes = new Map<string, number>();
for (const name of (await readdir(OUT, { recursive: true })).sort()) {
  if ((await stat(join(OUT, name))).isDirectory()) continue;
  const zipped = gzipSync(await readFile(join(OUT, name))).length;
  zippedBytes.set(name, zipped);
  console.log(
    `${name.padEnd(30)} ${String((await stat(join(OUT, name))).size).padStart(8)} bytes ${String(zipped).padStart(8)} gzip`,
  );
}
console.log(`built in ${Math.round(performance.now() - started)} ms`);
for (const { page, parts, bytes } of BUDGETS) {
  const spent = parts.reduce((sum, part) => sum + (zippedBytes.get(part) ?? Number.POSITIVE_INFINITY), 0);
  console.log(`${page}: script and styles ${spent} of ${bytes} bytes gzip`);
  if (spent <= bytes) continue;
  console.error(
    'It is larger than its budget: take something out, or raise it in scripts/build-web.ts with the reason.',
  );
  process.exitCode = 1;
}
