import fc from 'fast-check';
import { privateKeyToAccount } from 'viem/accounts';
import { beforeAll, expect, test } from 'vitest';
import type { Act, ActKind } from '../../core/lifecycle/act.ts';
import { ACT_TYPES, typedDataOf, type ActTypedData } from '../../core/lifecycle/typed-data.ts';
import { hexToBytes } from 'viem';
import { makeAct, newKey, placedAt, positionAt, signAct } from '../../test/support/lifecycle.ts';
import { actHash, recoverOwner } from './owner-signature.ts';

const owner = privateKeyToAccount(`0x${'11'.repeat(32)}`);
const DOMAIN = { chainId: 10, contract: `0x${'ab'.repeat(20)}` } as const;
const NOBODY = `0x${'cd'.repeat(20)}`;
let acts: ReadonlyMap<ActKind, Act>;

beforeAll(async () => {
  const [device, successor] = [(await newKey()).did, (await newKey('ecdsa-p256-sha256')).did];
  const placed = { device, owner: owner.address, ...placedAt(positionAt(40.4, -3.7)), issuedAt: 1_795_000_000 };
  const named = { name: 'Dach, Süd', type: 'BME280', tier: 0, code: `0x${'01'.repeat(16)}` };
  const all: readonly Act[] = [
    makeAct('claim', { ...placed, ...named }),
    makeAct('relocate', placed),
    makeAct('maintenance', { device, from: 1_795_000_000, until: 1_795_003_600 }),
    makeAct('transfer', { device, from: owner.address, to: NOBODY }),
    makeAct('rotate', { device, successor }),
    makeAct('retire', { device }),
  ];
  acts = new Map(all.map((act) => [act.kind, act]));
});

const KINDS = Object.keys(ACT_TYPES) as ActKind[];

async function signed(kind: ActKind): Promise<{ readonly data: ActTypedData; readonly signature: Uint8Array }> {
  const act = acts.get(kind);
  if (act === undefined) throw new Error(`no ${kind}`);
  return {
    data: typedDataOf(act, DOMAIN),
    signature: hexToBytes((await signAct(owner, act, DOMAIN)) as `0x${string}`),
  };
}

test.each(KINDS)("a wallet's signature of %s is the owner's", async (kind) => {
  const { data, signature } = await signed(kind);
  expect(await recoverOwner(data, signature)).toBe(owner.address.toLowerCase());
});

function altered(value: string | number | bigint): string | number | bigint {
  if (typeof value === 'bigint') return value + 1n;
  if (typeof value === 'number') return value + 1;
  const last = value.at(-1) === '1' ? '2' : '1';
  return value.slice(0, -1) + last;
}

test.each(KINDS)(
  'no single field of %s can be changed under the signature, nor chain, contract or kind',
  async (kind) => {
    const { data, signature } = await signed(kind);
    const forgeries: ActTypedData[] = [
      ...Object.entries(data.message).map(([name, value]) => ({
        ...data,
        message: { ...data.message, [name]: altered(value) },
      })),
      { ...data, domain: { ...data.domain, chainId: 1 } },
      { ...data, domain: { ...data.domain, verifyingContract: `0x${'ac'.repeat(20)}` } },
      { ...data, primaryType: 'Other', types: { Other: data.types[data.primaryType] ?? [] } },
    ];
    expect(forgeries.length).toBeGreaterThanOrEqual(5);
    for (const forged of forgeries) {
      expect(actHash(forged)).not.toBe(actHash(data));
      expect(await recoverOwner(forged, signature)).not.toBe(owner.address.toLowerCase());
    }
  },
);

test('any 65 bytes are of nobody or of somebody else, never an exception', async () => {
  const { data } = await signed('retire');
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 65, maxLength: 65 }), async (bytes) => {
      expect(await recoverOwner(data, bytes)).not.toBe(owner.address.toLowerCase());
    }),
    { numRuns: 50 },
  );
});
