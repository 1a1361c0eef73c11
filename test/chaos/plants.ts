/**
 * Planted bugs: what the chaos must find. Each changes the text of a source on its way into a bundle made for the test
 * (test/support/planted.ts); nothing of it ships. Those of single payments are in test/e2e/hazards/.
 */
import type { Edit } from '../support/planted.ts';

export type Plant = {
  readonly name: string;
  readonly suite: 'rewards' | 'payments';
  readonly edits: readonly Edit[];
};

const STORE_THEN_SEND = `    store.plan(nonce, jobKey(job), job.epoch, attempt);
    const alarm = await broadcast(parts, nonce, attempt.raw);
`;
const SEND_THEN_STORE = `    const alarm = await broadcast(parts, nonce, attempt.raw);
    store.plan(nonce, jobKey(job), job.epoch, attempt);
`;

export const SETTLE_WITHOUT_LEDGER: readonly Edit[] = [
  {
    file: 'durable-objects/settler/cashier.ts',
    from: '    this.#ledger.storeAnswer(claim, answer);\n',
    to: '    await (await this.#facilitator()).settle(JSON.parse(claim.payload));\n    this.#ledger.storeAnswer(claim, answer);\n',
  },
];

export const PLANTS: readonly Plant[] = [
  {
    name: 'mint without stored intent',
    suite: 'rewards',
    edits: [{ file: 'durable-objects/minter/send.ts', from: STORE_THEN_SEND, to: SEND_THEN_STORE }],
  },
  {
    name: 'no epoch check: commits on their way are not looked at',
    suite: 'rewards',
    edits: [
      {
        file: 'core/reward/mint/plan.ts',
        from: 'commits.reduce((highest, { epoch }) => Math.max(highest, epoch), view.lastCommitted)',
        to: 'view.lastCommitted',
      },
    ],
  },
  {
    name: 'no epoch check: the chain may hold another epoch than the one computed',
    suite: 'rewards',
    edits: [
      {
        file: 'durable-objects/minter/standing.ts',
        from: 'differs: latest.maturesAt > 0 && latest.root !== row.root',
        to: 'differs: false',
      },
    ],
  },
  {
    name: 'mint without a look at who minted',
    suite: 'rewards',
    edits: [
      { file: 'core/reward/mint/plan.ts', from: 'if (!taken.has(jobKey(job))) jobs.push(job);', to: 'jobs.push(job);' },
    ],
  },
  {
    name: 'mint from a report that nobody checked',
    suite: 'rewards',
    edits: [
      { file: 'core/reward/report.ts', from: 'if (found !== reportHash)', to: 'if (found === "")' },
      { file: 'core/reward/report.ts', from: 'computed === root ?', to: 'computed !== "" ?' },
    ],
  },
  {
    name: 'mined taken for final',
    suite: 'rewards',
    edits: [
      {
        file: 'core/reward/mint/intent.ts',
        from: 'const final = sighting.blockNumber <= chain.finalizedNumber &&',
        to: 'const final = sighting.blockNumber > 0 &&',
      },
    ],
  },
  {
    name: 'sales of a lost epoch are counted again',
    suite: 'rewards',
    edits: [{ file: 'worker/adapters/d1/epochs.ts', from: '(counted ?? []).map(saleRow)', to: '[].map(saleRow)' }],
  },
  {
    name: 'two visits of cron at once',
    suite: 'rewards',
    edits: [
      {
        file: 'durable-objects/minter/minter.ts',
        from: 'await this.#turns.take(() => poke(parts, nowMs))',
        to: 'await poke(parts, nowMs)',
      },
    ],
  },
  {
    name: 'settle without ledger',
    suite: 'payments',
    edits: SETTLE_WITHOUT_LEDGER,
  },
  {
    name: 'usage without outbox: written after the money, not with it',
    suite: 'payments',
    edits: [
      {
        file: 'durable-objects/settler/ledger.ts',
        from: `this.#storage.transactionSync(() => {\n      this.#setState(key, 'settled'`,
        to: `((task: () => void) => task())(() => {\n      this.#setState(key, 'settled'`,
      },
    ],
  },
  {
    name: 'usage without outbox: forgotten as soon as it is sent',
    suite: 'payments',
    edits: [
      {
        file: 'durable-objects/sale-outbox.ts',
        from: `'UPDATE sale_outbox SET asked_ms = ?2 WHERE id = ?1', nowMs);\n    }\n    const due`,
        to: `'DELETE FROM sale_outbox WHERE id = ?1');\n    }\n    const due`,
      },
    ],
  },
  {
    name: 'settled taken for final',
    suite: 'payments',
    edits: [
      {
        file: 'durable-objects/settler/cashier.ts',
        from: 'if (number <= finalized) this.#ledger.finalize(block);',
        to: 'this.#ledger.finalize(block);',
      },
    ],
  },
  {
    name: 'a settlement that a reorganization took away is not sent again',
    suite: 'payments',
    edits: [{ file: 'durable-objects/settler/cashier.ts', from: '      this.#ledger.reopen(block);\n', to: '' }],
  },
];
