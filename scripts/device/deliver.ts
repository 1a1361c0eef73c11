/** Brings the batch on its way in a device's queue to the network. */
import { FileStorage } from '../../sensors/client/file-storage.ts';
import { FolderInUse } from '../../sensors/client/lock.ts';
import { Queue } from '../../sensors/client/queue.ts';
import type { SigningKey } from '../../sensors/client/key.ts';
import { type Uploaded, uploadBatch } from '../../sensors/client/upload.ts';
import { sentenceOf } from '../admin-client.ts';
import { Refusal } from '../lib/say.ts';
import { printReceipt } from './print-receipt.ts';
import { queueFileOf, readState, writeState } from './state.ts';
import { COMMAND_RETRY, commandTransport } from './transport.ts';

export type Target = {
  readonly key: SigningKey;
  readonly url: string;
  /** Its queue lies beside it, and what it remembers if it was claimed from here. */
  readonly keyFile: string;
};

/** A batch of an earlier command that got no answer goes first. */
export async function withQueue(target: Target, use: (queue: Queue) => Promise<void>): Promise<void> {
  const queue = await openQueue(queueFileOf(target.keyFile));
  try {
    if (queue.state.pending) {
      console.log('A batch from before is still waiting; it goes first.');
      await deliver(queue, target);
    }
    await use(queue);
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

/** Once with a higher nonce, should another program have used this key in the meantime. */
export async function deliver(queue: Queue, { key, url, keyFile }: Target): Promise<void> {
  for (let isSecond = false; ; isSecond = true) {
    const { pending } = queue.state;
    if (!pending) throw new Error('nothing to deliver');
    const sent = await uploadBatch(key, url, pending, commandTransport, { offsetMs: 0 }, COMMAND_RETRY);
    if (sent.ok) {
      await queue.settle();
      printReceipt(sent.value);
      await rememberReceipt(keyFile, sent.value);
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

async function rememberReceipt(keyFile: string, uploaded: Uploaded): Promise<void> {
  const state = await readState(keyFile);
  if (state === null || uploaded.status === 'expired') return;
  const { receipt, received, readings, flags } = uploaded.receipt;
  const counts = { accepted: readings.accepted, refused: readings.refused.length };
  await writeState(keyFile, { ...state, lastReceipt: { receipt, received, ...counts, flags: [...flags] } });
}
