/** Authorizations that are not worth the price, from the start or from one moment to the next. */
import { createWalletClient, http } from 'viem';
import { testUsdcAbi } from '../../../contracts/abi/test-usdc.gen.ts';
import type { Buyer } from '../support/buyer.ts';
import { type Bed, FUNDS, PRICE, SELLER } from './bed.ts';
import type { Guard, Hazard } from './hazard.ts';
import { collect, decode, differences, forge, newArticle, offerFor, send, whenMaking } from './steps.ts';

const OFFER = 'worker/middleware/offer.ts';

/** Refused, before anything is made or sent for it. */
async function refusals(bed: Bed, path: string, headers: readonly string[]): Promise<readonly string[]> {
  const replies: number[] = [];
  for (const header of headers) replies.push((await send(bed, path, header)).status);
  return differences({
    statuses: [replies, headers.map(() => 402)],
    'works done': [bed.workshop.made, 0],
    transactions: [bed.sent(), 0],
  });
}

async function playWrongDomain(bed: Bed): Promise<readonly string[]> {
  const [path, buyer] = [newArticle(), await bed.newBuyer()];
  const offer = await offerFor(bed, path);
  const sepolia = { ...offer, extra: { ...offer.extra, name: 'USDC' } };
  return refusals(bed, path, [
    await forge(buyer, { offer, domain: { name: 'USDC' } }),
    await forge(buyer, { offer: sepolia }),
  ]);
}

async function playWrongChain(bed: Bed): Promise<readonly string[]> {
  const [path, buyer] = [newArticle(), await bed.newBuyer()];
  const offer = await offerFor(bed, path);
  const base = { ...offer, network: 'eip155:8453' as const };
  return refusals(bed, path, [
    await forge(buyer, { offer, domain: { chainId: 8453 } }),
    await forge(buyer, { offer: base, domain: { chainId: 8453 } }),
  ]);
}

/** To oneself, in a token of one's own, or a smaller amount: valid payments, but not for this. */
async function playOtherTerms(bed: Bed): Promise<readonly string[]> {
  const [path, buyer] = [newArticle(), await bed.newBuyer()];
  const offer = await offerFor(bed, path);
  const token = await bed.chain.deployToken(buyer.account.address, FUNDS);
  return refusals(bed, path, [
    await forge(buyer, { offer: { ...offer, payTo: buyer.account.address } }),
    await forge(buyer, { offer: { ...offer, asset: token } }),
    await forge(buyer, { offer: { ...offer, amount: '1' } }),
  ]);
}

async function playExpired(bed: Bed): Promise<readonly string[]> {
  const [path, buyer] = [newArticle(), await bed.newBuyer()];
  const validBeforeSeconds = Math.floor(Date.now() / 1000) - 1;
  return refusals(bed, path, [await forge(buyer, { offer: await offerFor(bed, path), validBeforeSeconds })]);
}

async function playCanceled(bed: Bed): Promise<readonly string[]> {
  const [path, buyer] = [newArticle(), await bed.newBuyer()];
  const header = await buyer.sign(bed.urlOf(path));
  await cancel(bed, buyer, header);
  return refusals(bed, path, [header]);
}

async function playCanceledMeanwhile(bed: Bed): Promise<readonly string[]> {
  const { header, path, buyer, finish } = await begin(bed);
  await cancel(bed, buyer, header);
  const reply = await finish();
  return differences({
    status: [reply.status, 402],
    answered: [reply.text.includes('made as number'), false],
    'gas wasted on transactions': [bed.sent(), 0],
    spent: [await bed.spentBy(buyer), 0n],
    'the same header again': [(await send(bed, path, header)).status, 402],
  });
}

async function playDrainedMeanwhile(bed: Bed): Promise<readonly string[]> {
  const { header, path, buyer, finish } = await begin(bed);
  await write(bed, buyer, 'transfer', [SELLER, FUNDS]);
  const reply = await finish();
  const sent = bed.sent();
  await bed.chain.fund(buyer.account, PRICE);
  const afterTopUp = await collect(bed, path, header);
  return differences({
    status: [reply.status, 402],
    answered: [reply.text.includes('made as number'), false],
    'gas wasted on transactions': [sent, 0],
    'the same header after a top-up': [afterTopUp.status, 200],
    'left of the top-up': [await bed.chain.balanceOf(buyer.account.address), 0n],
  });
}

/** A purchase that is verified and whose article is being made. */
async function begin(bed: Bed) {
  const [path, buyer] = [newArticle(), await bed.newBuyer()];
  const header = await buyer.sign(bed.urlOf(path));
  bed.workshop.holds = true;
  const sending = send(bed, path, header);
  await whenMaking(bed);
  const finish = () => {
    bed.workshop.release();
    return sending;
  };
  return { header, path, buyer, finish };
}

async function cancel(bed: Bed, buyer: Buyer, header: string): Promise<void> {
  const { nonce } = decode(header).payload.authorization;
  const authorizer = buyer.account.address;
  const signature = await buyer.account.signTypedData({
    domain: { name: 'USD Coin', version: '2', chainId: 10, verifyingContract: bed.chain.usdc },
    types: {
      CancelAuthorization: [
        { name: 'authorizer', type: 'address' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'CancelAuthorization',
    message: { authorizer, nonce },
  });
  await write(bed, buyer, 'cancelAuthorization', [authorizer, nonce, signature]);
}

async function write(bed: Bed, buyer: Buyer, functionName: string, args: readonly unknown[]): Promise<void> {
  const wallet = createWalletClient({ account: buyer.account, transport: http(bed.chain.rpcUrl) });
  const call = { address: bed.chain.usdc, abi: testUsdcAbi as readonly unknown[], functionName, args, chain: null };
  const hash = await wallet.writeContract(call);
  await bed.chain.client.waitForTransactionReceipt({ hash });
}

const verification: Guard = {
  name: 'nothing is made before the payment is verified',
  without: [
    { file: 'durable-objects/settler/cashier.ts', from: 'if (verified.isValid) return', to: 'if (verified) return' },
  ],
};
const estimate: Guard = {
  name: 'gas is estimated before a nonce is used',
  without: [
    {
      file: 'durable-objects/settler/sender.ts',
      from: 'estimateGas(this.#client, { account: this.#account.address, ...call })',
      to: 'estimateGas(this.#client, { account: this.#account.address, ...call }).catch(() => 120_000n)',
    },
  ],
};
const compared = (what: string): Guard => ({
  name: `${what} is the network's own`,
  without: [
    {
      file: OFFER,
      from: `accepted.${what}${what === 'network' ? '' : '.toLowerCase()'} !== expected.${what} ||`,
      to: '',
    },
  ],
});

export const AUTHORIZATIONS: readonly Hazard[] = [
  { name: 'a payment signed for another domain name is refused', play: playWrongDomain, guards: [verification] },
  {
    name: 'a payment signed for another chain is refused',
    play: playWrongChain,
    guards: [verification, compared('network')],
  },
  {
    name: 'a payment to another payee, in another token or of a smaller amount is refused',
    play: playOtherTerms,
    guards: [
      compared('payTo'),
      compared('asset'),
      {
        name: "the offer's digest covers the amount",
        without: [{ file: OFFER, from: '[query, amount, String', to: '[query, String' }],
      },
    ],
  },
  { name: 'an authorization whose time has run out is refused', play: playExpired, guards: [verification] },
  { name: 'a canceled authorization is refused before any work', play: playCanceled, guards: [verification] },
  {
    name: 'an authorization canceled between verify and settle brings no answer and costs no gas',
    play: playCanceledMeanwhile,
    guards: [estimate],
  },
  {
    name: 'a wallet drained between verify and settle brings no answer and costs no gas; topped up, the header works',
    play: playDrainedMeanwhile,
    guards: [
      estimate,
      {
        name: 'a payment that never was on the chain may be tried again',
        without: [
          {
            file: 'durable-objects/settler/cashier.ts',
            from: "if (transaction === '') this.#ledger.drop(row);",
            to: 'if (transaction === null) this.#ledger.drop(row);',
          },
        ],
      },
    ],
  },
];
