/** The Minter's records on real SQLite, and what it and the edge say while no chain answers. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { MinterStore, type Attempt } from '../../durable-objects/minter/store.ts';
import type { MinterResumption, StatusAnswer } from '../../schema/api/public.ts';
import { app } from '../../worker/app.ts';
import { TEST_BINDINGS } from './bindings.ts';

/** An object of its own for each test; the edge asks the one of the chain. */
const inStore = <T>(name: string, use: (store: MinterStore) => T): Promise<T> =>
  runInDurableObject(env.MINTER.getByName(name), (_minter, state) => use(new MinterStore(state.storage)));

const attempt = (hash: `0x${string}`, signedMs: number): Attempt => ({
  hash,
  raw: hash,
  maxFeePerGas: 1n,
  maxPriorityFeePerGas: 1n,
  signedMs,
});
const seen = (blockNumber: number) =>
  ({ hash: '0x1', blockNumber, blockHash: '0xb', succeeded: true, canonicalHash: '0xb' }) as const;

test('attempts are in the order in which they were signed, whatever the clock said', async () => {
  const hashes = await inStore('order', (store) => {
    store.plan(7, 'commit:1', 1, attempt('0xa1', 1000));
    store.addAttempt(7, attempt('0xa2', 500));
    store.addAttempt(7, attempt('0xa3', 700));
    return store.attempts(7).map(({ hash }) => hash);
  });
  expect(hashes).toEqual(['0xa1', '0xa2', '0xa3']);
});

test('a dropped transaction waits from then on with its bytes; what is final or given up keeps none', async () => {
  const found = await inStore('drop', (store) => {
    for (const nonce of [0, 1, 2]) store.plan(nonce, `commit:${nonce}`, nonce, attempt(`0xa${nonce}`, 10));
    for (const nonce of [0, 1]) store.setBroadcast(nonce);
    store.setSeen(0, 'mined', seen(5));
    store.setDropped(0, 900);
    store.setSeen(1, 'finalized', seen(5));
    store.giveUp(2);
    return {
      open: store.openIntents(),
      bytes: [0, 1, 2].map((nonce) => store.attempts(nonce).length),
    };
  });
  expect(found.open).toMatchObject([{ nonce: 0, state: 'broadcast', blockNumber: null, waitsSinceMs: 900 }]);
  expect(found.bytes).toEqual([1, 0, 0]);
});

test('work that is on its way cannot be stored a second time, work that was given up can', async () => {
  const planned = await inStore('twice', (store) => {
    store.plan(0, 'mint:1:0', 1, attempt('0xa0', 1));
    let refused = false;
    try {
      store.plan(1, 'mint:1:0', 1, attempt('0xa1', 1));
    } catch {
      refused = true;
    }
    const afterRefusal = [store.nextNonce(), store.attempts(1).length];
    store.giveUp(0);
    store.plan(1, 'mint:1:0', 1, attempt('0xa1', 1));
    return { refused, afterRefusal, next: store.nextNonce() };
  });
  expect(planned).toEqual({ refused: true, afterRefusal: [1, 0], next: 2 });
});

test('nonces belong to a key: another one begins anew, by itself only when nothing is open', async () => {
  const claims = await inStore('key', (store) => {
    const first = store.claimFor('0xold');
    store.plan(2, 'commit:0', 0, attempt('0xa9', 1));
    store.setSeen(2, 'finalized', seen(5));
    store.plan(3, 'commit:1', 1, attempt('0xa0', 1));
    store.skipTo(9);
    const skipped = store.nextNonce();
    const open = store.commitOf(1);
    const refused = store.claimFor('0xnew');
    const forced = store.claimFor('0xnew', true);
    return [first, skipped, open, refused, forced, store.nextNonce(), store.commitOf(0), store.commitOf(1)];
  });
  // Where a commit of the old key stands is still known.
  expect(claims).toEqual([true, 9, { hash: null }, false, true, null, { hash: '0x1' }, null]);
});

test('whoever resumes the Minter while the chain is away is told so, and without the token nobody can', async () => {
  const resume = (token: string) =>
    app.request(
      'https://isobar.test/v1/admin/minter/resume',
      { method: 'POST', headers: { authorization: `Bearer ${token}` } },
      env,
    );
  expect((await resume('wrong')).status).toBe(401);
  const answer = await (await resume(TEST_BINDINGS.ADMIN_TOKEN)).json<MinterResumption>();
  expect(answer).toEqual({ done: [], waits: [expect.stringContaining('The chain does not answer')] });
  await Promise.all([1, 2].map(() => env.MINTER.getByName(`eip155:${TEST_BINDINGS.CHAIN_ID}`).poke()));
  const status = await (await app.request('https://isobar.test/v1/status', {}, env)).json<StatusAnswer>();
  expect(status.minter).toMatchObject({
    waiting: null,
    alarms: [expect.stringContaining('The chain does not answer')],
  });
});
