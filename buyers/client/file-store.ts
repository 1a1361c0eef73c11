/**
 * Payments on disk, one file each, so that a program that was killed goes on where it was and two programs never pay for
 * one query twice. Node and Deno only; the rest of the client needs no file system.
 */
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nameOf, parsePayment, type Payment, type PaymentStore } from './payment.ts';

export class FileStore implements PaymentStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async all(): Promise<readonly Payment[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const found: Payment[] = [];
    for (const name of names) if (name.endsWith('.json')) found.push(await this.#read(name));
    return found;
  }

  async add(payment: Payment): Promise<Payment | null> {
    await mkdir(this.#folder, { recursive: true });
    const aside = await this.#writeAside(payment);
    try {
      // Unlike a rename, a link fails where the name is taken: of two programs one wins.
      await link(aside, this.#path(payment));
      await this.#sync(this.#folder);
      return null;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return await this.#read(`${nameOf(payment)}.json`);
    } finally {
      await rm(aside);
    }
  }

  async update(payment: Payment): Promise<void> {
    await rename(await this.#writeAside(payment), this.#path(payment));
    await this.#sync(this.#folder);
  }

  /** A file that cannot be read is an error: without it a query could be paid for twice. */
  async #read(name: string): Promise<Payment> {
    const payment = parsePayment(await readFile(join(this.#folder, name), 'utf8'));
    if (payment === null) throw new Error(`${join(this.#folder, name)} is not a payment; move it away to go on`);
    return payment;
  }

  #path(payment: Payment): string {
    return join(this.#folder, `${nameOf(payment)}.json`);
  }

  async #writeAside(payment: Payment): Promise<string> {
    const aside = `${this.#path(payment)}.${crypto.randomUUID()}`;
    const file = await open(aside, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(payment)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    return aside;
  }

  async #sync(path: string): Promise<void> {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}
