/** Schedules that failed once, cut down, with what they found and the change of a source that brings it back. */
import type { Edit } from '../support/planted.ts';
import type { Step } from './schedule.ts';

type Found = {
  readonly what: string;
  readonly seed: number;
  readonly steps: readonly Step[];
  readonly without: readonly Edit[];
};

export const FOUND: readonly Found[] = [
  {
    what: 'a key used elsewhere before its first own transaction: a reorganization left a nonce that nobody would use',
    seed: 143,
    steps: [
      { do: 'use-key', times: 1 },
      { do: 'reorg', depth: 3, keep: false },
    ],
    without: [
      {
        file: 'durable-objects/minter/reconcile.ts',
        from: 'store.nextNonce() ?? look.finalNonce',
        to: 'store.nextNonce() ?? look.nonce',
      },
    ],
  },
];
