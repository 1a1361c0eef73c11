/**
 * `web/` to `web/dist/`, what wrangler.toml serves: one script, one style sheet, the page, the outlines of land, the OpenAPI
 * documents and the page that shows them.
 * `--out DIR` builds elsewhere. Prints the sizes and fails when the page outgrows its budget.
 */
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { documentFiles } from './openapi/files.ts';
import { writeReferencePage } from './web/reference-page.ts';

const WEB = join(dirname(fileURLToPath(import.meta.url)), '..', 'web');
const DIST = parseArgs({ options: { out: { type: 'string' } } }).values.out ?? join(WEB, 'dist');
const require = createRequire(import.meta.url);

/** gzip bytes of script and styles together, of which the map library is the larger half. */
const BUDGET_BYTES = 90_000;

const started = performance.now();
await rm(DIST, { recursive: true, force: true });
await mkdir(DIST, { recursive: true });
await build({
  entryPoints: { app: join(WEB, 'main.ts') },
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
  entryPoints: { app: join(WEB, 'styles', 'main.css') },
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
await writeFile(join(DIST, 'land-50m.json'), await landWithoutNames());
for (const [path, text] of Object.entries(documentFiles())) {
  await mkdir(dirname(join(DIST, path)), { recursive: true });
  await writeFile(join(DIST, path), text);
}
await writeReferencePage(join(WEB, 'reference'), join(DIST, 'docs/api'));

/** Only shapes: the atlas carries names and ids too, and the union of all countries, which the page makes itself. */
async function landWithoutNames(): Promise<string> {
  const atlas: unknown = JSON.parse(await readFile(require.resolve('world-atlas/countries-50m.json'), 'utf8'));
  return JSON.stringify(atlas, (key, value: unknown) =>
    key === 'properties' || key === 'id' || key === 'land' ? undefined : value,
  );
}

let spent = 0;
for (const name of (await readdir(DIST, { recursive: true })).sort()) {
  if ((await stat(join(DIST, name))).isDirectory()) continue;
  const zipped = gzipSync(await readFile(join(DIST, name))).length;
  if (name === 'app.js' || name === 'app.css') spent += zipped;
  console.log(
    `${name.padEnd(30)} ${String((await stat(join(DIST, name))).size).padStart(8)} bytes ${String(zipped).padStart(8)} gzip`,
  );
}
console.log(
  `built in ${Math.round(performance.now() - started)} ms; script and styles ${spent} of ${BUDGET_BYTES} bytes gzip`,
);
if (spent > BUDGET_BYTES) {
  console.error(
    'The page is larger than its budget: take something out, or raise BUDGET_BYTES in scripts/build-web.ts with the reason.',
  );
  process.exitCode = 1;
}
