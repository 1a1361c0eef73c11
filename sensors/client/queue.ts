/**
 * A device's memory on disk: its nonce and the batch on its way. The batch is on disk before it is sent and leaves it
 * after the network answered, so a kill at any moment loses nothing; and since a restart sends the same nonce and bytes,
 * nothing counts twice. Node only; a microcontroller does the same with two flash pages.
 */
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { base64 } from '@scure/base';
import { isNonce, nextNonce } from './nonce.ts';
import type { Batch } from './upload.ts';

export type QueueState = {
  /** Highest nonce ever put on disk, null before the first. */
  readonly nonce: string | null;
  /** Position in the device's own series up to which the network has answered; what it counts is the caller's choice. */
  readonly sentThrough: number | null;
  readonly pending: PendingBatch | null;
};

export type PendingBatch = Batch & {
  /** `sentThrough` once this batch is answered. */
  readonly through: number | null;
};

/** The steps of one write, so that a test can cut the power between any two. */
export type FileSteps = {
  readonly writeAndSync: (path: string, text: string) => Promise<void>;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly syncDirectory: (path: string) => Promise<void>;
};

const EMPTY: QueueState = { nonce: null, sentThrough: null, pending: null };

export class Queue {
  readonly #path: string;
  readonly #steps: FileSteps;
  #state: QueueState;

  private constructor(path: string, state: QueueState, steps: FileSteps) {
    this.#path = path;
    this.#state = state;
    this.#steps = steps;
  }

  /** A missing file is a new device. A file that cannot be read is an error: guessing could send under a used nonce. */
  static async open(path: string, steps: FileSteps = NODE_STEPS): Promise<Queue> {
    await mkdir(dirname(path), { recursive: true });
    return new Queue(path, await readState(path), steps);
  }

  get state(): QueueState {
    return this.#state;
  }

  /** Gives the bytes a nonce and keeps both. Only one batch is on its way at a time. */
  async put(bytes: Pick<Batch, 'contentType' | 'body'>, through: number | null, nowMs: number): Promise<PendingBatch> {
    if (this.#state.pending) throw new Error('a batch is still on its way');
    const nonce = nextNonce(this.#state.nonce, nowMs);
    const pending = { nonce, contentType: bytes.contentType, body: bytes.body, through };
    await this.#write({ ...this.#state, nonce, pending });
    return pending;
  }

  /** The network answered for good: accepted, or refused for a reason that no retry can change. */
  async settle(): Promise<void> {
    const { nonce, pending, sentThrough } = this.#state;
    await this.#write({ nonce, sentThrough: pending?.through ?? sentThrough, pending: null });
  }

  /** Nothing was measured up to here: there is nothing to send. */
  async skip(through: number): Promise<void> {
    if (this.#state.pending) throw new Error('a batch is still on its way');
    await this.#write({ ...this.#state, sentThrough: through });
  }

  /**
   * The network knows a higher nonce of this key (another program used it, or this file is an old copy). The bytes keep
   * their place under a new nonce; measurements that did arrive before are recognised one by one.
   */
  async renumber(highest: string | null, nowMs: number): Promise<PendingBatch> {
    const { pending } = this.#state;
    if (!pending) throw new Error('no batch to renumber');
    // Nonces have one length, so text order is number order.
    const known = highest !== null && isNonce(highest) ? highest : pending.nonce;
    const nonce = nextNonce(known > pending.nonce ? known : pending.nonce, nowMs);
    const renumbered = { ...pending, nonce };
    await this.#write({ ...this.#state, nonce, pending: renumbered });
    return renumbered;
  }

  /** Write aside, sync, rename, sync the directory: the file is the old state or the new one, never a part of it. */
  async #write(state: QueueState): Promise<void> {
    const aside = `${this.#path}.new`;
    await this.#steps.writeAndSync(aside, encode(state));
    await this.#steps.rename(aside, this.#path);
    await this.#steps.syncDirectory(dirname(this.#path));
    this.#state = state;
  }
}

export const NODE_STEPS: FileSteps = {
  writeAndSync: (path, text) =>
    withFile(path, 'w', async (file) => {
      await file.writeFile(text);
      await file.sync();
    }),
  rename,
  syncDirectory: (path) => withFile(path, 'r', (file) => file.sync()),
};

async function withFile(path: string, mode: 'r' | 'w', use: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, mode);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

function encode(state: QueueState): string {
  const pending = state.pending && { ...state.pending, body: base64.encode(state.pending.body) };
  return `${JSON.stringify({ ...state, pending })}\n`;
}

async function readState(path: string): Promise<QueueState> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return EMPTY;
  const decoded = decode(text);
  if (!decoded) throw new Error(`${path} is not a device's queue; move it away to begin a new one`);
  return decoded;
}

function decode(text: string): QueueState | undefined {
  try {
    const { nonce, sentThrough, pending } = JSON.parse(text);
    if (nonce !== null && !isNonce(nonce)) return undefined;
    if (sentThrough !== null && !Number.isSafeInteger(sentThrough)) return undefined;
    if (pending === null) return { nonce, sentThrough, pending };
    if (!isNonce(pending.nonce) || typeof pending.contentType !== 'string') return undefined;
    return { nonce, sentThrough, pending: { ...pending, body: base64.decode(pending.body) } };
  } catch {
    return undefined;
  }
}
