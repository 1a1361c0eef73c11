/**
 * `node scripts/check-imports.ts`: imports go one way, core <- schema <- durable-objects <- worker (docs/architecture.md).
 * Text is read, not resolved: a relative path or a package name says where an import goes.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { projectFiles, ROOT } from './lib/files.ts';
import { isMain, Refusal, runCommand } from './lib/say.ts';

type Import = { readonly specifier: string; readonly typeOnly: boolean };

/** Folders of the project that a folder may import, itself always included. `null`: any but those nobody may. */
const FOLDERS: Readonly<Record<string, readonly string[] | null>> = {
  core: [],
  schema: ['core'],
  'durable-objects': ['core', 'schema', 'contracts'],
  worker: ['core', 'schema', 'durable-objects', 'contracts'],
  sensors: ['core'],
  buyers: ['core'],
  contracts: [],
  web: ['schema'],
  scripts: null,
  test: null,
  bench: null,
};

const SHAPES_AS_TYPES = new Set(['web', 'worker', 'durable-objects']);

/** Only each other, and `bench` and `test` may use the commands' parts; no product code imports any of the three. */
const NOBODY_IMPORTS = new Set(['scripts', 'test', 'bench']);

const CORE_PACKAGES = /^(?:@noble\/|@scure\/base(?:\/|$)|cborg(?:\/|$)|ipaddr\.js$)/;
const PACKAGES: Readonly<Record<string, { readonly allowed: RegExp; readonly say: string }>> = {
  core: { allowed: CORE_PACKAGES, say: '@noble/*, @scure/base, cborg, ipaddr.js' },
  schema: { allowed: /^(?:drizzle-orm|drizzle-kit|zod)(?:\/|$)/, say: 'drizzle-orm, zod' },
  'durable-objects': {
    allowed:
      /^(?:cloudflare:|drizzle-orm|viem|@x402\/|@noble\/|@scure\/base|cborg|hyparquet-writer$|standardwebhooks$)/,
    say: 'cloudflare:*, drizzle-orm, viem, @x402/*, hyparquet-writer, standardwebhooks and the packages of core',
  },
  buyers: { allowed: /^(?:viem|@x402\/|@noble\/)/, say: 'viem, @x402/*, @noble/*' },
  // The map library, the outlines of land, and the cells of a place; both `*-specification` and `geojson` are types.
  web: {
    allowed: /^(?:leaflet|topojson-client|topojson-specification|geojson|h3-js)$/,
    say: 'leaflet, topojson-client, h3-js',
  },
};

/** The rest of the buyers' client runs in browsers, too. */
const NODE_ONLY = new Set(['buyers/client/file-store.ts']);

/** Tests may use what only tests need. */
const TEST_FILE = /\.test(?:-d)?\.ts$/;
const TEST_PACKAGES = /^(?:vitest|fast-check|node:)/;

const STATEMENT = /(?:^|[\n;])\s*(?:import|export)\s+(type\s)?(?:[\w*{}\s,$]+?\sfrom\s*)?['"]([^'"\n]+)['"]/g;
const DYNAMIC = /\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/g;

export function importsOf(source: string): readonly Import[] {
  const code = source.replaceAll(/^\s*\/\*[\s\S]*?\*\//gm, '').replaceAll(/(^|[^:'"])\/\/.*$/gm, '$1');
  return [
    ...Array.from(code.matchAll(STATEMENT), (match) => ({
      specifier: match[2] ?? '',
      typeOnly: match[1] !== undefined,
    })),
    ...Array.from(code.matchAll(DYNAMIC), (match) => ({ specifier: match[1] ?? '', typeOnly: false })),
  ];
}

const folderOf = (path: string): string => path.split('/')[0] ?? '';

/** Why `file` may not import it, or undefined. */
export function refusalOf(file: string, { specifier, typeOnly }: Import): string | undefined {
  const from = folderOf(file);
  if (!(from in FOLDERS)) return undefined;
  const isTest = TEST_FILE.test(file);
  if (specifier.startsWith('.')) {
    const target = posix.join(dirname(file), specifier);
    if (target.startsWith('..')) return 'leaves the project';
    const to = folderOf(target);
    if (to === from || FOLDERS[from] === null) return undefined;
    if (NOBODY_IMPORTS.has(to)) return isTest && to === 'test' ? undefined : `nobody imports ${to}/`;
    if (!(to in FOLDERS)) return undefined;
    if (!FOLDERS[from]?.includes(to)) return `${from}/ must not import ${to}/`;
    if (to === 'contracts' && !target.startsWith('contracts/abi/')) return 'only contracts/abi/ may be imported';
    // Its values are zod's, which must reach neither the page nor the ingest path.
    if (target.startsWith('schema/api/') && SHAPES_AS_TYPES.has(from) && !typeOnly && !isTest)
      return `${from}/ may only \`import type\` from schema/api/`;
    if (from !== 'web') return undefined;
    return target.startsWith('schema/api/') ? undefined : 'web/ may use schema/api/ only';
  }
  if (isTest && TEST_PACKAGES.test(specifier)) return undefined;
  if (NODE_ONLY.has(file) && specifier.startsWith('node:')) return undefined;
  const packages = PACKAGES[from];
  if (packages === undefined || packages.allowed.test(specifier)) return undefined;
  if (from === 'durable-objects' && CORE_PACKAGES.test(specifier)) return undefined;
  return `${from}/ may use these packages only: ${packages.say}`;
}

export function findForbiddenImports(paths: readonly string[], read: (path: string) => string): readonly string[] {
  return paths
    .filter((path) => /\.(?:ts|tsx|js|mjs)$/.test(path) && !path.includes('.config.'))
    .flatMap((path) =>
      importsOf(read(path)).flatMap((wanted) => {
        const refusal = refusalOf(path, wanted);
        return refusal === undefined ? [] : [`${path}: imports ${wanted.specifier}, but ${refusal}`];
      }),
    );
}

if (isMain(import.meta.url)) {
  await runCommand(() => {
    const forbidden = findForbiddenImports(projectFiles(), (path) => readFileSync(join(ROOT, path), 'utf8'));
    if (forbidden.length > 0) throw new Refusal(forbidden.join('\n  '));
  });
}
