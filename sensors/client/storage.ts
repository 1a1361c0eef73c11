/**
 * Where a queue lies (queue.ts): bytes that grow at the end. file-storage.ts is for Node and Deno, indexed-db.ts for
 * browsers; a microcontroller's flash or a database needs these five functions.
 */
export type QueueStorage = {
  /** All bytes, in the order of the appends; after a loss of power the last append may be there in part. */
  read(): Promise<Uint8Array>;
  /** On the medium when it resolves. When it rejects, nothing of it is kept. */
  append(bytes: Uint8Array): Promise<void>;
  /** Instead of everything, all or nothing, also when the power goes. */
  replace(bytes: Uint8Array): Promise<void>;
  /** Cuts the end off; needs no free space. */
  truncate(length: number): Promise<void>;
  /** A line for people to look at, beside the queue: what the network refused for good, what could not be read. */
  setAside(line: string): Promise<void>;
  close(): Promise<void>;
};

/** Forgets everything at the end of the program: for tests, and for readings that may get lost. */
export class MemoryStorage implements QueueStorage {
  bytes: Uint8Array = new Uint8Array();
  readonly aside: string[] = [];

  read(): Promise<Uint8Array> {
    return Promise.resolve(this.bytes);
  }

  append(bytes: Uint8Array): Promise<void> {
    const longer = new Uint8Array(this.bytes.length + bytes.length);
    longer.set(this.bytes);
    longer.set(bytes, this.bytes.length);
    this.bytes = longer;
    return Promise.resolve();
  }

  replace(bytes: Uint8Array): Promise<void> {
    this.bytes = bytes;
    return Promise.resolve();
  }

  truncate(length: number): Promise<void> {
    this.bytes = this.bytes.slice(0, length);
    return Promise.resolve();
  }

  setAside(line: string): Promise<void> {
    this.aside.push(line);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The medium did not take it (a full disk, a worn card); nothing of what was to be kept is kept. */
export class NotStored extends Error {
  constructor(cause: unknown) {
    super(`the queue cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
