/** What the chain, the way to it and the shop itself do to a payment. */
import { SETTLE_WITHOUT_LEDGER } from '../../chaos/plants.ts';
import { type Bed, PRICE } from './bed.ts';
import type { Guard, Hazard } from './hazard.ts';
import { collect, differences, newArticle, send, whenMaking, whenSent } from './steps.ts';

const CASHIER = 'durable-objects/settler/cashier.ts';
const SENDER = 'durable-objects/settler/sender.ts';
const FACILITATOR = 'durable-objects/settler/facilitator.ts';

const MANY = 12;

async function playSlow(bed: Bed): Promise<readonly string[]> {
  const { path, buyer, header } = await signed(bed);
  await bed.chain.client.setAutomine(false);
  const early = await send(bed, path, header);
  const still = await send(bed, path, header);
  const spentEarly = await bed.spentBy(buyer);
  await bed.chain.client.mine({ blocks: 1 });
  await bed.chain.client.setAutomine(true);
  const answer = await collect(bed, path, header);
  return differences({
    'before it is mined': [
      [early, still].map(({ status, code }) => [status, code]),
      [
        [503, 'settlement-pending'],
        [503, 'settlement-pending'],
      ],
    ],
    'with a time to come again': [[early, still].every(({ retryAfter }) => Number(retryAfter) > 0), true],
    'spent before it is mined': [spentEarly, 0n],
    'after it is mined': [answer.status, 200],
    'works done': [bed.workshop.made, 1],
    transactions: [bed.sent(), 1],
    spent: [await bed.spentBy(buyer), PRICE],
  });
}

async function playMany(bed: Bed): Promise<readonly string[]> {
  const buyer = await bed.newBuyer();
  const paths = Array.from({ length: MANY }, () => newArticle());
  const headers = await Promise.all(paths.map((path) => buyer.sign(bed.urlOf(path))));
  const replies = await Promise.all(paths.map((path, n) => send(bed, path, headers[n] ?? '')));
  return differences({
    statuses: [replies.map(({ status }) => status), paths.map(() => 200)],
    transactions: [bed.sent(), MANY],
    spent: [await bed.spentBy(buyer), BigInt(MANY) * PRICE],
  });
}

/** The transaction gets to the chain or not; the object dies before it learns which. */
const playEvicted =
  (reaches: 'stall' | 'never') =>
  async (bed: Bed): Promise<readonly string[]> => {
    const { path, buyer, header } = await signed(bed);
    const dead = Promise.withResolvers<void>();
    bed.chain.wire.passage = async (calls) => {
      if (!calls.some(isSend)) return 'pass';
      if (reaches === 'stall') return 'stall';
      await dead.promise;
      return 'cut';
    };
    const request = send(bed, path, header).catch(() => null);
    await whenSent(bed);
    await bed.reopen();
    dead.resolve();
    await request;
    bed.chain.wire.passage = null;
    const answer = await collect(bed, path, header);
    return differences({
      'the same header afterwards': [answer.status, 200],
      'works done': [bed.workshop.made, 1],
      transactions: [bed.sent(), 1],
      spent: [await bed.spentBy(buyer), PRICE],
    });
  };

async function playDownAtFirst(bed: Bed): Promise<readonly string[]> {
  const { path, buyer, header } = await signed(bed);
  bed.chain.wire.cutAll = true;
  const early = await send(bed, path, header);
  const made = bed.workshop.made;
  bed.chain.wire.cutAll = false;
  const answer = await collect(bed, path, header);
  return differences({
    'while it is down': [
      [early.status, early.code, early.retryAfter !== null],
      [503, 'chain-unreachable', true],
    ],
    'works done without a verified payment': [made, 0],
    afterwards: [answer.status, 200],
    spent: [await bed.spentBy(buyer), PRICE],
  });
}

async function playDownMeanwhile(bed: Bed): Promise<readonly string[]> {
  const { path, buyer, header } = await signed(bed);
  bed.workshop.holds = true;
  const sending = send(bed, path, header);
  await whenMaking(bed);
  bed.chain.wire.cutAll = true;
  bed.workshop.release();
  const early = await sending;
  const spentEarly = await bed.spentBy(buyer);
  bed.chain.wire.cutAll = false;
  const answer = await collect(bed, path, header);
  return differences({
    'while it is down': [
      [early.status, early.code, early.retryAfter !== null],
      [503, 'chain-unreachable', true],
    ],
    'spent without an answer': [spentEarly, 0n],
    afterwards: [answer.status, 200],
    transactions: [bed.sent(), 1],
    spent: [await bed.spentBy(buyer), PRICE],
  });
}

/** The chain takes the payment and is not seen again for a while. */
async function playDownAfterwards(bed: Bed): Promise<readonly string[]> {
  const { path, buyer, header } = await signed(bed);
  const { wire } = bed.chain;
  wire.passage = (calls) => Promise.resolve(wire.sent.length > 0 && !calls.some(isSend) ? 'cut' : 'pass');
  const early = await send(bed, path, header);
  const spentEarly = await bed.spentBy(buyer);
  wire.passage = null;
  const answer = await collect(bed, path, header);
  return differences({
    'while it is down': [
      [early.status, early.code, early.retryAfter !== null],
      [503, 'settlement-pending', true],
    ],
    'charged meanwhile': [spentEarly, PRICE],
    afterwards: [answer.status, 200],
    'works done': [bed.workshop.made, 1],
    transactions: [bed.sent(), 1],
    spent: [await bed.spentBy(buyer), PRICE],
  });
}

/** The node takes the transaction and its reply never comes. */
async function playTimesOut(bed: Bed): Promise<readonly string[]> {
  const { path, buyer, header } = await signed(bed);
  bed.chain.wire.passage = (calls) => Promise.resolve(calls.some(isSend) ? 'stall' : 'pass');
  const answer = await collect(bed, path, header);
  bed.chain.wire.passage = null;
  return differences({
    answer: [answer.status, 200],
    transactions: [bed.sent(), 1],
    spent: [await bed.spentBy(buyer), PRICE],
  });
}

async function playFailing(bed: Bed): Promise<readonly string[]> {
  const { path, buyer, header } = await signed(bed);
  bed.workshop.fails = true;
  const failed = await send(bed, path, header);
  bed.workshop.fails = false;
  const facts = differences({
    status: [failed.status, 500],
    spent: [await bed.spentBy(buyer), 0n],
    transactions: [bed.sent(), 0],
  });
  const answer = await send(bed, path, header);
  return [
    ...facts,
    ...differences({
      'the same header at once': [answer.status, 200],
      'spent then': [await bed.spentBy(buyer), PRICE],
    }),
  ];
}

async function signed(bed: Bed) {
  const [path, buyer] = [newArticle(), await bed.newBuyer()];
  return { path, buyer, header: await buyer.sign(bed.urlOf(path)) };
}

const isSend = ({ method }: { readonly method: string }): boolean => method === 'eth_sendRawTransaction';

const remembered: Guard = {
  name: 'a payment whose transaction is stored gets no other',
  without: [
    { file: SENDER, from: 'if (known !== null) return known;', to: '' },
    {
      file: FACILITATOR,
      from: '(payment && store.hashOf(payment)) ?? undefined',
      to: 'payment?.payer === "" ? "0x" : undefined',
    },
  ],
};
const toldApart: Guard = {
  name: 'a chain that does not answer is no invalid payment',
  without: [{ file: 'durable-objects/settler/reachability.ts', from: 'this.#failures++;', to: '' }],
};

export const SETTLEMENTS: readonly Hazard[] = [
  {
    name: 'a slow settlement is 503 with Retry-After, then the answer, charged once',
    play: playSlow,
    guards: [
      remembered,
      {
        name: 'pending is 503, not 402, on which clients pay anew',
        without: [
          {
            file: 'worker/middleware/payment-problems.ts',
            from: "status: 503,\n        code: 'settlement-pending'",
            to: "status: 402,\n        code: 'settlement-pending'",
          },
        ],
      },
      {
        name: 'no answer before the payment is mined',
        without: [
          {
            file: CASHIER,
            from: 'return this.#pending(key, settled.transaction);',
            to: "return { status: 'settled', answer: this.#ledger.answerOf(key), receipt: {} } as never;",
          },
        ],
      },
    ],
  },
  {
    name: `${MANY} payments at once on one key all settle`,
    play: playMany,
    guards: [
      {
        name: 'transactions are signed one after the other, however long it takes',
        without: [
          {
            file: SENDER,
            from: 'return this.#turns.take(() => this.#signAndSend(sized, payment, offer.fees));',
            to: 'return this.#signAndSend(sized, payment, offer.fees);',
          },
        ],
      },
      {
        name: 'a nonce that a stored transaction uses is taken',
        without: [
          {
            file: 'durable-objects/settler/transaction-store.ts',
            from: 'return Math.max(chainCount, (rows.one().highest ?? -1) + 1);',
            to: 'return Math.max(chainCount, rows.one().highest ?? -1);',
          },
        ],
      },
    ],
  },
  {
    name: 'an object evicted after its transaction reached the chain, before it knew, charges once and answers',
    play: playEvicted('stall'),
    guards: [
      {
        name: 'transactions are stored before they are sent',
        without: [
          {
            file: SENDER,
            from: 'this.#store.add(chainNonce, payment, signed);\n    await this.#broadcast(signed.raw);',
            to: 'await this.#broadcast(signed.raw);\n    this.#store.add(chainNonce, payment, signed);',
          },
        ],
      },
      {
        name: 'the answer is stored before anything is sent',
        without: SETTLE_WITHOUT_LEDGER,
      },
    ],
  },
  {
    name: 'an object evicted between signing and sending sends the same transaction',
    play: playEvicted('never'),
    guards: [
      {
        name: 'what was stored and is not mined is sent again',
        without: [{ file: SENDER, from: '        await this.#resend(hash);\n', to: '' }],
      },
    ],
  },
  {
    name: 'a chain that is down at first costs nothing, and the same header works when it is back',
    play: playDownAtFirst,
    guards: [
      toldApart,
      {
        name: 'a claim that could not be verified is given up',
        without: [
          {
            file: CASHIER,
            from: "this.#ledger.drop(claim);\n      return { status: 'unreachable' };",
            to: "return { status: 'unreachable' };",
          },
        ],
      },
      {
        name: 'no verification, no work',
        without: [
          {
            file: CASHIER,
            from: "this.#ledger.drop(claim);\n      return { status: 'unreachable' };",
            to: "return { status: 'verified' };",
          },
        ],
      },
    ],
  },
  {
    name: 'a chain that goes down before the payment is sent costs nothing, and the same header works when it is back',
    play: playDownMeanwhile,
    guards: [toldApart],
  },
  {
    name: 'a chain that goes down after it took the payment: pending, then the answer, charged once',
    play: playDownAfterwards,
    guards: [
      {
        name: 'pending is not failed',
        without: [
          {
            file: CASHIER,
            from: "settled.errorReason === 'settlement_pending'",
            to: "settled.errorReason === 'never'",
          },
        ],
      },
    ],
  },
  {
    name: 'a node that takes the transaction and times out: the answer, charged once',
    play: playTimesOut,
    guards: [
      {
        name: 'a failed broadcast is no failed payment',
        without: [
          {
            file: SENDER,
            from: 'await sendRawTransaction(this.#client, { serializedTransaction: raw });\n    } catch {',
            to: 'await sendRawTransaction(this.#client, { serializedTransaction: raw });\n    } catch (error) {\n throw error;',
          },
          // The second line of defence: the stored transaction.
          { file: CASHIER, from: 'if (transaction !== null) return this.#pending(key, transaction);', to: '' },
        ],
      },
    ],
  },
  {
    name: 'a handler that fails charges nothing, and the same header works at once when it does not',
    play: playFailing,
    guards: [
      {
        name: 'an unanswered claim is released',
        without: [{ file: 'worker/middleware/payment.ts', from: 'await settler.release(claim);', to: '' }],
      },
      {
        name: 'the answer comes before the charge',
        without: [
          {
            file: 'worker/middleware/payment.ts',
            from: 'const answer = found.ok ? await found.value.answer() : found;',
            to: "await settler.settle(claim, { contentType: 'text/plain', body: '', served: [] });\n    const answer = found.ok ? await found.value.answer() : found;",
          },
        ],
      },
    ],
  },
];
