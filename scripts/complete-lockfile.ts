/**
 * `npm run lockfile`, after every change of dependencies: adds to package-lock.json the packages for other platforms that
 * the registry in use does not offer. npm leaves those out when it writes the file, and `npm ci` then refuses the file on
 * every platform. What was never seen has no integrity hash here; where npm can see it, it writes the entry itself.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './lib/files.ts';
import { done, isMain, runCommand } from './lib/say.ts';

type Entry = {
  readonly version?: string;
  readonly dev?: boolean;
  readonly engines?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};
export type Lockfile = { readonly packages: Readonly<Record<string, Entry>> };

const LOCKFILE = join(ROOT, 'package-lock.json');

/** Words in names of platform packages. The longer ones first: `windows` is not `win32`'s `win`. */
const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32', 'windows'] as const;
const PROCESSORS: readonly (readonly [word: string, cpu: string])[] = [
  ['arm64', 'arm64'],
  ['amd64', 'x64'],
  ['x64', 'x64'],
  ['riscv64', 'riscv64'],
  ['ppc64', 'ppc64'],
  ['s390x', 's390x'],
  ['ia32', 'ia32'],
  ['arm', 'arm'],
  ['64', 'x64'],
];

/** Optional packages that a package of the file names and the file does not hold: key -> entry. */
export function missingEntries({ packages }: Lockfile): Readonly<Record<string, object>> {
  const missing: Record<string, object> = {};
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const key = `node_modules/${name}`;
      if (packages[key] || packages[`${path}/${key}`] || !/^\d/.test(version)) continue;
      const platform = platformOf(name);
      if (platform) missing[key] = { version, ...(entry.dev && { dev: true }), optional: true, ...platform };
    }
  }
  return missing;
}

function platformOf(name: string): { readonly os: readonly string[]; readonly cpu: readonly string[] } | null {
  const words = name.split(/[/-]/);
  const system = SYSTEMS.find((word) => words.includes(word));
  const processor = PROCESSORS.find(([word]) => words.includes(word));
  if (!system || !processor) return null;
  const musl = words.some((word) => word.startsWith('musl'));
  const libc =
    system === 'linux' && (musl || words.some((word) => word.startsWith('gnu')))
      ? { libc: [musl ? 'musl' : 'glibc'] }
      : {};
  return { os: [system === 'windows' ? 'win32' : system], cpu: [processor[1]], ...libc };
}

if (isMain(import.meta.url)) {
  await runCommand(() => {
    const lockfile = JSON.parse(readFileSync(LOCKFILE, 'utf8')) as Lockfile;
    const missing = missingEntries(lockfile);
    const { '': root, ...others } = { ...lockfile.packages, ...missing };
    const sorted = Object.fromEntries(Object.entries(others).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    writeFileSync(LOCKFILE, `${JSON.stringify({ ...lockfile, packages: { '': root, ...sorted } }, null, 2)}\n`);
    done(`package-lock.json: ${Object.keys(missing).length} packages of other platforms added`);
  });
}
