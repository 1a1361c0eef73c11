import { FileStorage } from '../../sensors/client/file-storage.ts';
import { FolderInUse } from '../../sensors/client/lock.ts';
import { Queue } from '../../sensors/client/queue.ts';
import { SENML_JSON } from '../../sensors/client/sign.ts';
import type { SigningKey } from '../../sensors/client/key.ts';
import { uploadBatch } from '../../sensors/client/upload.ts';
import { sentenceOf } from '../admin-client.ts';
import { type Flags, readArguments, requireFlag } from '../command-line.ts';
import { requireKeyFile } from '../key-file.ts';
import { Refusal } from '../lib/say.ts';
import { DEFAULT_DIR, readLocalNetwork } from '../local-network.ts';
import { printReceipt } from './print-receipt.ts';
import { READING_FLAGS, readBatchBody } from './readings.ts';
import { COMMAND_RETRY, commandTransport } from './transport.ts';

type Target = { readonly key: SigningKey; readonly url: string; readonly queueFile: string };

export async function send(args: readonly string[]): Promise<void> {
  const { flags } = readArguments(args, { values: [...READING_FLAGS, 'device', 'key', 'url', 'dir', 'api'] });
  const target = await targetOf(flags);
  const body = await readBatchBody(flags, target.key, Date.now());
  const queue = await openQueue(target.queueFile);
  try {
    if (queue.state.pending) {
      console.log('A batch from before is still waiting; it goes first.');
      await deliver(queue, target);
    }
    await queue.put({ contentType: SENML_JSON, body }, null, Date.now());
    await deliver(queue, target);
  } finally {
    await queue.close();
  }
}

async function openQueue(path: string): Promise<Queue> {
  try {
    return await Queue.open(await FileStorage.open(path));
  } catch (error) {
    throw error instanceof FolderInUse ? new Refusal(error.message) : error;
  }
}

async function targetOf(flags: Flags): Promise<Target> {
  const keyFile = flags['key'];
  if (keyFile !== undefined) {
    return { key: await requireKeyFile(keyFile), url: requireFlag(flags, 'url'), queueFile: queueFileOf(keyFile) };
  }
  const dir = flags['dir'] ?? DEFAULT_DIR;
  const local = await readLocalNetwork(dir);
  if (!local) throw new Refusal(`no network in ${dir}: start one with npm start, or give --key FILE --url ADDRESS`);
  const wanted = flags['device'];
  const device = local.devices.find(({ did, station, spare }) =>
    wanted === undefined ? spare : did === wanted || station === wanted,
  );
  if (!device)
    throw new Refusal(
      wanted === undefined ? 'the network has no spare device' : `${wanted} is no device of ${dir}/local.json`,
    );
  return { key: await requireKeyFile(device.keyFile), url: device.ingestUrl, queueFile: queueFileOf(device.keyFile) };
}

function queueFileOf(keyFile: string): string {
  return `${keyFile.replace(/\.pem$/, '')}.queue`;
}

/** Once with a higher nonce, should another program have used this key in the meantime. */
async function deliver(queue: Queue, { key, url }: Target): Promise<void> {
  for (let isSecond = false; ; isSecond = true) {
    const { pending } = queue.state;
    if (!pending) throw new Error('nothing to deliver');
    const sent = await uploadBatch(key, url, pending, commandTransport, { offsetMs: 0 }, COMMAND_RETRY);
    if (sent.ok) {
      await queue.settle();
      printReceipt(sent.value);
      return;
    }
    if (sent.error.reason === 'unreachable') {
      throw new Refusal(
        `not delivered (${sent.error.detail}); the batch is kept and goes out first with the next send`,
      );
    }
    const { problem } = sent.error;
    if ((problem.code === 'nonce-reused' || problem.code === 'nonce-too-old') && !isSecond) {
      await queue.renumber(problem.highest, Date.now());
      continue;
    }
    await queue.settle('refused');
    throw new Refusal(sentenceOf(problem));
  }
}
