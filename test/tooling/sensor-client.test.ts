/** The sensors' client must run where there is no Node. */
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const bundle = (entry: string) =>
  build({
    entryPoints: [`sensors/client/${entry}.ts`],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    metafile: true,
    logLevel: 'silent',
  });

test('client, keys and IndexedDB bundle for a browser, and bring nothing of the network but core', async () => {
  for (const entry of ['client', 'key', 'indexed-db']) {
    const { metafile } = await bundle(entry);
    const ours = Object.keys(metafile.inputs).filter((path) => !path.includes('node_modules'));
    expect(ours.filter((path) => !/^(sensors\/client|core)\//.test(path))).toEqual([]);
  }
});

test('files alone need Node', async () => {
  await expect(bundle('node')).rejects.toThrow('node:fs/promises');
});
