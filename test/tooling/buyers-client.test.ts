/** The buyers' client must run where there is no Node. */
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const bundle = (entry: string) =>
  build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    metafile: true,
    logLevel: 'silent',
  });

test('the client bundles for a browser, and brings nothing of the network but core', async () => {
  for (const entry of ['buyers/client/buyer.ts', 'buyers/client/chain.ts']) {
    const { metafile } = await bundle(entry);
    const ours = Object.keys(metafile.inputs).filter((path) => !path.includes('node_modules'));
    expect(ours.filter((path) => !/^(buyers\/client|core)\//.test(path))).toEqual([]);
  }
});

test('the file store alone needs Node', async () => {
  await expect(bundle('buyers/client/file-store.ts')).rejects.toThrow('node:fs/promises');
});
