/** HTTP, clock and chance for one command. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RetryPolicy, Transport } from '../../sensors/client/upload.ts';

export const commandTransport: Transport = {
  fetch: (request) => fetch(request),
  nowMs: () => Date.now(),
  wait: (ms) => sleep(ms),
  jitter: () => Math.random(),
  isStopping: () => false,
};

/** A person waits: fewer and faster than a device. */
export const COMMAND_RETRY: RetryPolicy = { attempts: 3, firstDelayMs: 300, maxDelayMs: 2000, timeoutMs: 10_000 };
