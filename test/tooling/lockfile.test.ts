import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Lockfile, missingEntries } from '../../scripts/complete-lockfile.ts';
import { ROOT } from '../../scripts/lib/files.ts';

const text = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');

test('the lock file names the packages of every platform, or npm ci would refuse it', () => {
  expect(Object.keys(missingEntries(JSON.parse(text) as Lockfile))).toEqual([]);
});

test('the lock file records no download address', () => {
  expect(text).not.toContain('"resolved"');
});

test('every direct dependency is pinned exactly', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const versions = Object.values({ ...manifest['dependencies'], ...manifest['devDependencies'] });
  // `npm:name@` where a package is needed in a second version.
  expect(versions.filter((version) => !/^(?:npm:[\w@/.-]+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))).toEqual([]);
});

test('what is missing is added with the platform that its name tells', () => {
  const dev = {
    version: '1.0.0',
    dev: true,
    optionalDependencies: { '@x/tool-linux-arm-musleabihf': '1.0.0', '@x/tool-windows-64': '1.0.0' },
  };
  expect(missingEntries({ packages: { 'node_modules/tool': dev } })).toEqual({
    'node_modules/@x/tool-linux-arm-musleabihf': {
      version: '1.0.0',
      dev: true,
      optional: true,
      os: ['linux'],
      cpu: ['arm'],
      libc: ['musl'],
    },
    'node_modules/@x/tool-windows-64': { version: '1.0.0', dev: true, optional: true, os: ['win32'], cpu: ['x64'] },
  });
});
