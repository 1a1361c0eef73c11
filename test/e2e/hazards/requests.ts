/** What buyers, and strangers, do with a header. */
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type Bed, PRICE } from './bed.ts';
import type { Hazard } from './hazard.ts';
import { collect, decode, differences, encode, newArticle, offerFor, send, whenMaking } from './steps.ts';

const DECIDE = 'durable-objects/settler/decide.ts';
const PAYMENT = 'worker/middleware/payment.ts';
const PROBLEMS = 'worker/middleware/payment-problems.ts';

async function playSameHeaderAtOnce(bed: Bed): Promise<readonly string[]> {
  const path = newArticle();
  const buyer = await bed.newBuyer();
  const header = await buyer.sign(bed.urlOf(path));
  bed.workshop.holds = true;
  let replied = 0;
  const sending = Array.from({ length: 5 }, () => send(bed, path, header).finally(() => replied++));
  while (replied + bed.workshop.made < 5) await pause(5);
  bed.workshop.release();
  const replies = await Promise.all(sending);
  const later = await Promise.all(replies.map(() => collect(bed, path, header)));
  return differences({
    'works done': [bed.workshop.made, 1],
    statuses: [replies.map(({ status }) => String(status)).sort(), ['200', '409', '409', '409', '409']],
    'different answers': [new Set(later.map(({ text }) => text)).size, 1],
    spent: [await bed.spentBy(buyer), PRICE],
    transactions: [bed.sent(), 1],
  });
}

/** Ends the connection at once, as the system does for a client that was killed. */
function sendToHangUp(bed: Bed, path: string, header: string): () => void {
  const sending = request(bed.urlOf(path), { headers: { 'PAYMENT-SIGNATURE': header } });
  sending.on('error', () => undefined).end();
  return () => sending.socket?.resetAndDestroy();
}

async function playHangUp(bed: Bed): Promise<readonly string[]> {
  const path = newArticle();
  const buyer = await bed.newBuyer();
  const header = await buyer.sign(bed.urlOf(path));
  bed.workshop.holds = true;
  const hangUp = sendToHangUp(bed, path, header);
  await whenMaking(bed);
  hangUp();
  // The server has seen the connection end before the work goes on.
  await pause(100);
  bed.workshop.release();
  const answer = await collect(bed, path, header);
  const again = await collect(bed, path, header);
  return differences({
    'answer to the same header': [answer.status, 200],
    'and again': [again.text, answer.text],
    'works done': [bed.workshop.made, 1],
    spent: [await bed.spentBy(buyer), PRICE],
  });
}

/** Bought for one article, used for another of the same price, on the same route or another, before and after. */
async function playOtherQuery(bed: Bed): Promise<readonly string[]> {
  const [path, sameRoute, otherRoute] = [newArticle(), newArticle(), newArticle('lent')];
  const buyer = await bed.newBuyer();
  const header = await buyer.sign(bed.urlOf(path));
  const payment = decode(header);
  const plain = await Promise.all([sameRoute, otherRoute].map((other) => send(bed, other, header)));
  // Renamed to the other query, which the offer's digest does not cover.
  const renamed = await Promise.all(
    [sameRoute, otherRoute].map(async (other) => {
      const { q } = (await offerFor(bed, other)).extra;
      const accepted = { ...payment.accepted, extra: { ...payment.accepted.extra, q } };
      return send(bed, other, encode({ ...payment, accepted }));
    }),
  );
  const spentBefore = await bed.spentBy(buyer);
  const bought = await collect(bed, path, header);
  // A true offer of the other query around an authorization that is used.
  const accepted = await offerFor(bed, otherRoute);
  const reused = await send(bed, otherRoute, encode({ ...payment, accepted }));
  return differences({
    'plain header elsewhere': [plain.map(({ code }) => code), Array(2).fill('payment-for-another-query')],
    'renamed header elsewhere': [renamed.map(({ status }) => status), [402, 402]],
    'spent before it was used': [spentBefore, 0n],
    'used where it was bought': [bought.status, 200],
    'reused elsewhere': [reused.code, 'payment-for-another-query'],
    'works done': [bed.workshop.made, 1],
    spent: [await bed.spentBy(buyer), PRICE],
  });
}

/** Everything in a settled payment can be read from the chain, and an offer is to be had for the asking. */
async function playStranger(bed: Bed): Promise<readonly string[]> {
  const path = newArticle();
  const buyer = await bed.newBuyer();
  const header = await buyer.sign(bed.urlOf(path));
  const bought = await collect(bed, path, header);
  const copied = await send(bed, path, encode({ ...decode(header), accepted: await offerFor(bed, path) }));
  return differences({
    'the buyer is answered': [bought.status, 200],
    'the stranger is not': [copied.code, 'payment-for-another-query'],
  });
}

const sameRow = 'if (row.query !== claim.query || row.headerHash !== claim.headerHash) return';

export const REQUESTS: readonly Hazard[] = [
  {
    name: 'the same header five times at once is worked on once and charged once',
    play: playSameHeaderAtOnce,
    guards: [
      {
        name: 'a claim in work is left alone',
        without: [{ file: DECIDE, from: "if (row.leaseUntilMs > nowMs) return 'in-flight';", to: '' }],
      },
      {
        name: 'in flight is 409, not 402, on which clients pay anew',
        without: [
          {
            file: PROBLEMS,
            from: "status: 409,\n        code: 'payment-in-flight'",
            to: "status: 402,\n        code: 'payment-in-flight'",
          },
        ],
      },
    ],
  },
  {
    name: 'a buyer who hangs up after paying fetches the answer with the same header',
    play: playHangUp,
    guards: [
      {
        name: 'what has begun goes on without its client',
        without: [{ file: PAYMENT, from: 'c.executionCtx.waitUntil(sold.catch(() => undefined));', to: '' }],
      },
      {
        name: 'a settled payment brings its answer again',
        without: [{ file: DECIDE, from: "return 'replay';", to: "return 'refuse';" }],
      },
    ],
  },
  {
    name: 'a header bought for one query is refused on another, also on another route of equal price',
    play: playOtherQuery,
    guards: [
      {
        name: 'the header names its query',
        without: [{ file: PAYMENT, from: "accepted.extra['q'] !== query", to: 'query === null' }],
      },
      {
        name: "the offer's digest covers the query",
        without: [{ file: 'worker/middleware/offer.ts', from: '[query, amount, String', to: '[amount, String' }],
      },
      {
        name: 'the ledger knows what a payment bought',
        without: [{ file: DECIDE, from: sameRow, to: 'if (row === null) return' }],
      },
    ],
  },
  {
    name: 'what the chain shows of a payment does not fetch its answer',
    play: playStranger,
    guards: [
      {
        name: 'the ledger knows the header that was sent',
        without: [{ file: DECIDE, from: sameRow, to: 'if (row.query !== claim.query) return' }],
      },
    ],
  },
];
