/**
 * `npm run build:client`: sensors/client to sensors/client/dist, the package that `npm pack` there makes. Everything it needs is
 * in it, so it installs without this repository and without other packages. `--out DIR` builds elsewhere.
 */
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { ROOT } from './lib/files.ts';
import { run } from './lib/run.ts';
import { done, Refusal, runCommand } from './lib/say.ts';

const CLIENT = join(ROOT, 'sensors/client');
const ENTRIES = ['client', 'key', 'node', 'indexed-db'] as const;
const OUT = parseArgs({ options: { out: { type: 'string' } } }).values.out ?? join(CLIENT, 'dist');

await runCommand(async () => {
  const startedMs = Date.now();
  await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT, { recursive: true });
  const [{ metafile }] = await Promise.all([bundle(), declare()]);
  await copyFile(join(ROOT, 'LICENSE'), join(OUT, 'LICENSE'));
  for (const path of Object.keys(metafile.outputs).toSorted()) {
    const bytes = await readFile(join(ROOT, path));
    console.log(`${path.padEnd(46)} ${String(bytes.length).padStart(7)} bytes ${gzipSync(bytes).length} gzip`);
  }
  done('the client is built', startedMs);
});

function bundle() {
  return build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES.map((name) => join(CLIENT, `${name}.ts`)),
    outdir: OUT,
    bundle: true,
    // One copy of what the entries share, and keys without WebCrypto in a file of their own.
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    external: ['node:*'],
    mainFields: ['module', 'main'],
    target: ['es2023', 'node20.3', 'chrome111', 'firefox113', 'safari16.4'],
    legalComments: 'eof',
    metafile: true,
    logLevel: 'warning',
  });
}

async function declare(): Promise<void> {
  const options = {
    rootDir: '.',
    outDir: join(OUT, 'types'),
    noEmit: 'false',
    declaration: 'true',
    emitDeclarationOnly: 'true',
    stripInternal: 'true',
  };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const project = join(CLIENT, 'tsconfig.build.json');
  const { exitCode, output } = await run(['tsc', '-p', project, '--pretty', 'false', ...flags]);
  if (exitCode !== 0) throw new Refusal(`the declarations of the client cannot be written:\n${output}`);
}
