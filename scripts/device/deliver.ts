/** Brings the batch on its way in a device's queue to the network. */
import { asideFileOf, FileStorage } from '../../sensors/client/file-storage.ts';
import { FolderInUse } from '../../sensors/client/lock.ts';
import { Queue } from '../../sensors/client/queue.ts';
import type { SigningKey } from '../../sensors/client/key.ts';
import { asideLine, remedyOf } from '../../sensors/client/refusal.ts';
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

/** A batch of an earlier command that is not settled goes first; `notDone` says what does not happen where it is refused. */
export async function withQueue(target: Target, notDone: string, use: (queue: Queue) => Promise<void>): Promise<void> {
  const queue = await openQueue(queueFileOf(target.keyFile));
  try {
    if (queue.state.pending) {
      console.log('A batch from before is still waiting; it goes first.');
      const failure = await tryDelivery(queue, target);
      if (failure !== null) throw new Refusal(`the batch from before: ${failure}\n  ${notDone}`);
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

export async function deliver(queue: Queue, target: Target): Promise<void> {
  const failure = await tryDelivery(queue, target);
  if (failure !== null) throw new Refusal(failure);
}

const KEPT = 'The batch is kept and goes out first with the next send.';

/**
 * Null: it arrived. Else why not, and where the batch is now. Once with a higher nonce, should another program have used this
 * key in the meantime.
 */
async function tryDelivery(queue: Queue, { key, url, keyFile }: Target): Promise<string | null> {
  for (let isSecond = false; ; isSecond = true) {
    const { pending } = queue.state;
    if (!pending) throw new Error('nothing to deliver');
    const sent = await uploadBatch(key, url, pending, commandTransport, { offsetMs: 0 }, COMMAND_RETRY);
    if (sent.ok) {
      await queue.settle();
      printReceipt(sent.value);
      await rememberReceipt(keyFile, sent.value);
      return null;
    }
    if (sent.error.reason === 'unreachable') return `not delivered (${sent.error.detail})\n  ${KEPT}`;
    const { problem } = sent.error;
    const remedy = remedyOf(problem);
    if (remedy === 'renumber' && !isSecond) {
      await queue.renumber(problem.highest, Date.now());
      continue;
    }
    // A wrong address, a clock, a region not yet open: somebody mends it, and what was measured still counts.
    if (remedy === 'wait' || remedy === 'renumber') return `${sentenceOf(problem)}\n  ${KEPT}`;
    await queue.setAside(asideLine(problem, pending, queue.carried, Date.now()));
    await queue.settle('refused');
    return `${sentenceOf(problem)}\n  The batch is set aside in ${asideFileOf(queueFileOf(keyFile))}.`;
  }
}

async function rememberReceipt(keyFile: string, uploaded: Uploaded): Promise<void> {
  const state = await readState(keyFile);
  if (state === null || uploaded.status === 'expired') return;
  const { receipt, received, readings, flags } = uploaded.receipt;
  const counts = { accepted: readings.accepted, refused: readings.refused.length };
  await writeState(keyFile, { ...state, lastReceipt: { receipt, received, ...counts, flags: [...flags] } });
}
