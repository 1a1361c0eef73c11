/** Where each kind of test runs; test/README.md says what belongs where. */
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { dataSetLog } from './test/support/data-set-log.ts';
import { encodeLog, foldEncodedLog } from './test/support/encoded-log.ts';
import { syntheticStateHash } from './test/support/synthetic-log.ts';
import { TEST_BINDINGS } from './test/workerd/bindings.ts';

// wrangler.toml names it as the folder of the static pages and refuses to start where it is missing.
mkdirSync('web/dist', { recursive: true });

/** Both cores of a small machine: vitest would leave one free. */
const WORKERS = 2;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          maxWorkers: WORKERS,
          // Nothing here leaves anything behind, and loading the modules for each of 200 files took a third of the time.
          isolate: false,
          // A noisy machine is no fault of the code.
          testTimeout: 30_000,
          include: [
            '{core,sensors,buyers,schema,worker,durable-objects,scripts,bench,web}/**/*.test.ts',
            'test/{tooling,contracts,vectors,quality,chaos,fuzz}/**/*.test.ts',
          ],
        },
      },
      {
        plugins: [
          cloudflareTest(async () => {
            const log = encodeLog(await dataSetLog());
            return {
              // Three Workers in one: the edge Worker's own config, and the others' objects beside it.
              main: './test/workerd/main.ts',
              wrangler: { configPath: './wrangler.toml' },
              miniflare: {
                durableObjects: {
                  MINTER: { className: 'Minter', useSQLite: true },
                  SETTLER: { className: 'Settler', useSQLite: true },
                  ACCOUNT: { className: 'Account', useSQLite: true },
                },
                bindings: {
                  ...TEST_BINDINGS,
                  MIGRATIONS: await readD1Migrations('schema/d1/migrations'),
                  // Computed here, in Node; tests in workerd fold the same logs.
                  NODE_STATE_HASH: syntheticStateHash(),
                  DATA_SET_LOG: log,
                  NODE_DATA_SET_HASH: foldEncodedLog(log),
                },
              },
            };
          }),
        ],
        test: {
          name: 'workerd',
          maxWorkers: WORKERS,
          include: ['test/workerd/**/*.test.ts'],
          setupFiles: ['test/workerd/setup.ts'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // Each starts a chain and a runtime of its own, and waits for blocks and alarms most of the time.
          maxWorkers: WORKERS + 2,
          isolate: false,
          // They start some hundred processes of the same few programs.
          env: { NODE_COMPILE_CACHE: resolve('node_modules/.cache/isobar/node') },
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          maxWorkers: WORKERS,
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
