/** `device send` against a network that refuses: what is kept, what is set aside, and what is said of it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type ModelIngest, startModelIngest } from '../../test/support/model-ingest.ts';
import { generateKeyPem } from '../../sensors/client/key.ts';
import { requireKeyFile } from '../key-file.ts';
import { Refusal } from '../lib/say.ts';
import { withQueue } from './deliver.ts';
import { send } from './send.ts';

type Device = { readonly network: ModelIngest; readonly folder: string; readonly keyFile: string };

async function device(): Promise<Device> {
  const folder = await mkdtemp(join(tmpdir(), 'isobar-deliver-'));
  const network = await startModelIngest();
  const keyFile = join(folder, 'roof.pem');
  await writeFile(keyFile, await generateKeyPem('ed25519'));
  const quiet = vi.spyOn(console, 'log').mockImplementation(() => {});
  onTestFinished(async () => {
    quiet.mockRestore();
    await network.stop();
    await rm(folder, { recursive: true });
  });
  return { network, folder, keyFile };
}

/** Its message; empty where it arrived. */
async function refusalOf(doing: Promise<void>): Promise<string> {
  try {
    await doing;
    return '';
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

const sending = ({ network, keyFile }: Device, value: number, quantity = 'temp'): Promise<string> =>
  refusalOf(send(['--key', keyFile, '--url', network.ingestUrl, '--quantity', quantity, '--value', String(value)]));

test('a batch that a mended address or registration heals is kept, and the next send brings it first', async () => {
  const to = await device();
  const { network } = to;
  network.refusesWith = { status: 403, code: 'unknown-device' };
  const first = await sending(to, 21.4);
  expect(first).toContain('unknown-device');
  expect(first).toContain('The batch is kept and goes out first with the next send.');
  const second = await sending(to, 50, 'rh');
  expect(second).toMatch(/^the batch from before: unknown-device/);
  expect(second).toContain('The batch is kept');
  expect(second).toContain('The new reading was not taken: send it again.');
  network.refusesWith = null;
  expect(await sending(to, 60, 'rh')).toBe('');
  expect([...network.values.values()]).toEqual([21.4, 60]);
});

test('a batch that nothing heals is set aside before it is settled, and the message says where', async () => {
  const to = await device();
  const { network, folder } = to;
  network.refusesWith = { status: 422, code: 'unknown-unit' };
  const aside = join(folder, 'roof.queue.aside.jsonl');
  expect(await sending(to, 21.4)).toContain(`set aside in ${aside}`);
  const line: unknown = JSON.parse(await readFile(aside, 'utf8'));
  expect(line).toMatchObject({
    what: 'refused',
    status: 422,
    code: 'unknown-unit',
    body: expect.stringMatching(/^5b/),
  });
  network.refusesWith = null;
  expect(await sending(to, 22)).toBe('');
  expect([...network.values.values()]).toEqual([22]);
});

test('a batch from before that is set aside leaves what was to follow undone, and says so', async () => {
  const to = await device();
  const { network, keyFile } = to;
  network.refusesWith = { status: 403, code: 'unknown-device' };
  await sending(to, 21.4);
  network.refusesWith = { status: 413, code: 'too-many-records' };
  const target = { key: await requireKeyFile(keyFile), url: network.ingestUrl, keyFile };
  const changing = await refusalOf(withQueue(target, 'The key was not changed.', async () => {}));
  expect(changing).toMatch(
    /^the batch from before: too-many-records.*\n  The batch is set aside in .*\n  The key was not/,
  );
  // Settled: nothing stands in the way any more.
  expect(await refusalOf(withQueue(target, '', async () => {}))).toBe('');
});
