/** What a person mistypes is refused in a sentence, the same by every command, before anything is made or sent. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { UsageError } from '../command-line.ts';
import { Refusal } from '../lib/say.ts';
import { checkReadings } from './check.ts';
import { claim } from './claim.ts';
import { init } from './init.ts';
import { transfer } from './owner-acts.ts';
import { simulate } from './simulate.ts';

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'isobar-wrong-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test.each(['foo', 'localhost:8787', 'ftp://isobar.example'])('--api %s is no address', async (api) => {
  const folder = await emptyFolder();
  const [key, list] = [join(folder, 'roof.pem'), join(folder, 'list.csv')];
  await writeFile(list, 'key,lat,lon,name\nnew,1,1,Roof\n');
  const refused = new UsageError(`--api ${api} is no address; write https://...`);
  const network = ['--dir', folder, '--api', api];
  await expect(init(['--key', key, ...network])).rejects.toThrow(refused);
  await expect(checkReadings(['--quantity', 'temp', '--value', '1', ...network])).rejects.toThrow(refused);
  await expect(claim(['--csv', list, ...network])).rejects.toThrow(refused);
  await expect(simulate(['--token', 'a', '--owner', `0x${'ab'.repeat(20)}`, ...network])).rejects.toThrow(refused);
  expect([existsSync(key), existsSync(join(folder, 'keys'))]).toEqual([false, false]);
});

test.each([
  [['--faults', 'zorb'], 'there is no fault "zorb"'],
  [['--attacks', 'zorb'], 'there is no attack "zorb"'],
  [['--fleet', '0'], '--fleet 0 is no number of devices'],
  [['--fleet', '1.5'], '--fleet 1.5 is no number of devices'],
  [['--owner', 'zz', '--token', 'a', '--api', 'https://isobar.example'], 'zz is no address'],
])('simulate %j is refused before a network is asked', async (args, sentence) => {
  await expect(simulate([...args, '--dir', await emptyFolder()])).rejects.toThrow(sentence);
});

test.each(['null', '7', '[]', '"x"', '{', '{}'])('a file that holds %s is no transfer', async (text) => {
  const file = join(await emptyFolder(), 'transfer.json');
  await writeFile(file, text);
  await expect(transfer(['--accept', file])).rejects.toThrow(
    new Refusal(`${file} is no transfer as "npm run device -- transfer --to" writes it`),
  );
});
