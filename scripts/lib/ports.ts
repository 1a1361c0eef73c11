/** TCP ports of the loopback address. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { Refusal } from './say.ts';

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Where no system takes ports for outgoing connections from: Linux begins at 32768, others at 49152 (RFC 6335). */
const LISTENING = { first: 10_240, end: 32_768 } as const;
const TRIES = 100;

/**
 * Any port that is free now, and stays so while nobody asks for it by its number. One that the system chose would be
 * among those that it gives to connections a moment later.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(LISTENING.first, LISTENING.end);
    if (await isFree(port)) return port;
  }
  throw new Refusal(`no free port found between ${LISTENING.first} and ${LISTENING.end} on 127.0.0.1.`);
}

/** The first free port from `first` on. */
export async function freePortFrom(first: number, tries = 50): Promise<number> {
  for (let port = first; port < first + tries; port++) if (await isFree(port)) return port;
  return freePort();
}
