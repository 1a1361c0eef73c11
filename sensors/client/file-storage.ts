/** A queue in a file, for Node and Deno: `NAME`, beside it `NAME.aside.jsonl` and, while it is open, `NAME.lock`. */
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lock } from './lock.ts';
import type { QueueStorage } from './storage.ts';

/** The steps of a write that takes the place of everything, so that a test can cut the power between any two. */
export type FileSteps = {
  readonly writeAndSync: (path: string, bytes: Uint8Array) => Promise<void>;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly syncDirectory: (path: string) => Promise<void>;
};

/** Where a queue puts what is for people to look at. */
export function asideFileOf(path: string): string {
  return `${path}.aside.jsonl`;
}

export class FileStorage implements QueueStorage {
  readonly #path: string;
  readonly #steps: FileSteps;
  readonly #unlock: () => Promise<void>;
  #length: number;
  /** A write failed and what it left could not be cut off yet. */
  #isTorn = false;

  private constructor(path: string, length: number, steps: FileSteps, unlock: () => Promise<void>) {
    this.#path = path;
    this.#length = length;
    this.#steps = steps;
    this.#unlock = unlock;
  }

  /**
   * Throws `FolderInUse` where another process has it open.
   * @param isLocked the caller holds a lock over it, such as one of the whole folder
   */
  static async open(path: string, isLocked = false, steps: FileSteps = NODE_STEPS): Promise<FileStorage> {
    await mkdir(dirname(path), { recursive: true });
    const unlock = isLocked ? async () => {} : await lock(`${path}.lock`, `${path} is in use`);
    try {
      const length = await withFile(path, 'a', async (file) => {
        const { size } = await file.stat();
        if (size === 0) await file.sync();
        return size;
      });
      if (length === 0) await steps.syncDirectory(dirname(path));
      return new FileStorage(path, length, steps, unlock);
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  async read(): Promise<Uint8Array> {
    return readFile(this.#path);
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (this.#isTorn) await this.truncate(this.#length);
    try {
      await withFile(this.#path, 'r+', async (file) => {
        await writeAll(file, bytes, this.#length);
        await file.datasync();
      });
    } catch (error) {
      this.#isTorn = true;
      await this.truncate(this.#length).catch(() => {}); // tried again before the next
      throw error;
    }
    this.#length += bytes.length;
  }

  /** Write aside, sync, rename, sync the directory: the file is the old one or the new one, never a part of it. */
  async replace(bytes: Uint8Array): Promise<void> {
    const aside = `${this.#path}.new`;
    await this.#steps.writeAndSync(aside, bytes);
    await this.#steps.rename(aside, this.#path);
    this.#length = bytes.length;
    this.#isTorn = false;
    await this.#steps.syncDirectory(dirname(this.#path));
  }

  async truncate(length: number): Promise<void> {
    await withFile(this.#path, 'r+', async (file) => {
      await file.truncate(length);
      await file.datasync();
    });
    this.#length = length;
    this.#isTorn = false;
  }

  setAside(line: string): Promise<void> {
    return withFile(asideFileOf(this.#path), 'a', async (file) => {
      await file.appendFile(`${line}\n`);
      await file.datasync();
    });
  }

  close(): Promise<void> {
    return this.#unlock();
  }
}

export const NODE_STEPS: FileSteps = {
  writeAndSync: (path, bytes) =>
    withFile(path, 'w', async (file) => {
      await file.writeFile(bytes);
      await file.sync();
    }),
  rename,
  syncDirectory: (path) => withFile(path, 'r', (file) => file.sync()),
};

/** A write may take less than it was given. */
async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

async function withFile<T>(
  path: string,
  mode: 'r' | 'r+' | 'w' | 'a',
  use: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, mode);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
