/**
 * `npm run build:contracts`: compiles contracts/src and writes contracts/abi/, which is checked in so that nothing but
 * this command needs a compiler. `-- --check` writes nothing and exits 1 where a file is out of date.
 * ABI and bytecode are files of their own: Workers import the ABI and must never bundle bytecode.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './lib/files.ts';
import { run } from './lib/run.ts';
import { done, isMain, Refusal, runCommand } from './lib/say.ts';

const CONTRACTS = ['BurnAuction', 'EpochDistributor', 'RewardToken', 'TestUsdc'] as const;
const ARTIFACTS = 'contracts/out';
const GENERATED = 'contracts/abi';
const HEADER = '// Written by scripts/build-contracts.ts from contracts/src; do not edit.';

/** Path below the project's root -> text. */
type Files = ReadonlyMap<string, string>;
type Artifact = { readonly abi: readonly unknown[]; readonly bytecode: string };

/** Writes what the contracts' sources say, and removes what they no longer say. */
export async function generateContracts(): Promise<void> {
  const files = await compileContracts();
  mkdirSync(join(ROOT, GENERATED), { recursive: true });
  for (const path of presentFiles()) if (!files.has(path)) rmSync(join(ROOT, path));
  for (const [path, text] of files) writeFileSync(join(ROOT, path), text);
}

/** Names what `generateContracts` would change, without changing it. */
export async function outdatedContracts(): Promise<readonly string[]> {
  const files = await compileContracts();
  const present = presentFiles();
  const changed = [...files].filter(([path, text]) => !present.includes(path) || read(path) !== text);
  return [...changed.map(([path]) => path), ...present.filter((path) => !files.has(path))];
}

async function compileContracts(): Promise<Files> {
  const { exitCode, output } = await run(['forge', 'build', '--skip', 'test']);
  if (exitCode !== 0) throw new Refusal(`forge could not build the contracts:\n${output.trimEnd()}`);
  return new Map(CONTRACTS.flatMap((name) => Object.entries(filesOf(name))));
}

function filesOf(name: string): Readonly<Record<string, string>> {
  const { abi, bytecode } = parseArtifact(name, JSON.parse(read(`${ARTIFACTS}/${name}.sol/${name}.json`)));
  const path = `${GENERATED}/${name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}`;
  const constant = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  const entries = abi.map((entry) => `  ${JSON.stringify(entry, withoutInternalType)},\n`).join('');
  return {
    [`${path}.gen.ts`]: `${HEADER}\nexport const ${constant}Abi = [\n${entries}] as const;\n`,
    [`${path}.bytecode.gen.ts`]: `${HEADER}\nexport const ${constant}Bytecode: \`0x\${string}\` =\n  '${bytecode}';\n`,
  };
}

/** Solidity's own type names: no caller needs them, and they would be a third of what Workers bundle. */
function withoutInternalType(key: string, value: unknown): unknown {
  return key === 'internalType' ? undefined : value;
}

function parseArtifact(name: string, given: unknown): Artifact {
  const abi = field(given, 'abi');
  const bytecode = field(field(given, 'bytecode'), 'object');
  // A placeholder instead of hex would mean that a library has to be linked.
  if (!Array.isArray(abi) || typeof bytecode !== 'string' || !/^0x[0-9a-f]+$/.test(bytecode)) {
    throw new Refusal(
      `${ARTIFACTS}/${name}.sol/${name}.json is no artifact of a contract that can be deployed as it is.`,
    );
  }
  return { abi, bytecode };
}

function field(given: unknown, name: string): unknown {
  return typeof given === 'object' && given !== null
    ? Object.entries(given).find(([key]) => key === name)?.[1]
    : undefined;
}

function presentFiles(): readonly string[] {
  if (!existsSync(join(ROOT, GENERATED))) return [];
  const files = readdirSync(join(ROOT, GENERATED)).filter((file) => file.endsWith('.gen.ts'));
  return files.map((file) => `${GENERATED}/${file}`);
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

if (isMain(import.meta.url)) {
  await runCommand(async () => {
    const startedMs = Date.now();
    const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
    if (values.check) {
      const outdated = await outdatedContracts();
      if (outdated.length > 0) {
        throw new Refusal(`out of date: ${outdated.join(', ')}; run \`npm run build:contracts\`.`);
      }
    } else {
      await generateContracts();
    }
    done(`${GENERATED}/ up to date`, startedMs);
  });
}
