import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AUCTION, PAYEES, sale, spending, topUp, TREASURY, usageOf } from '../../test/support/sales.ts';
import { MAIN_RULES } from '../rules/main.ts';
import { NO_PREDECESSORS } from './key-holder.ts';
import type { Sale } from './sale.ts';
import {
  decodeUsage,
  encodeUsage,
  keysWithoutDay,
  NO_USAGE,
  shareUsage,
  unspentAfter,
  type UsageFacts,
} from './usage.ts';
import type { DeviceDay } from './weight.ts';

const rules = MAIN_RULES.reward;
const owner = (n: number): string => `0x${String(n).padStart(40, '0')}`;
const NOBODY = owner(0);
const day = (device: string, of: string, cell: string): DeviceDay => ({
  device,
  cell,
  owner: of,
  status: 'active',
  tier: 0,
  density: 'd',
  claimedMs: 0,
  scoreBps: 0,
  score30Bps: 0,
  eligible: false,
});

const anyDevice = fc.constantFrom('a', 'b', 'c', 'd', 'unknown', 'old', 'between', 'new');
const anyServed = fc.uniqueArray(fc.record({ device: anyDevice, units: fc.nat({ max: 500 }) }), {
  selector: ({ device }) => device,
});
const anySales: fc.Arbitrary<readonly Sale[]> = fc
  .array(fc.tuple(fc.constantFrom('x402', 'credit', 'top-up'), fc.bigInt(0n, 10n ** 10n), anyServed), { maxLength: 12 })
  .map((rows) =>
    rows.map(([kind, usdc, served], n) => {
      if (kind === 'x402') return sale(n, usdc, served);
      return kind === 'credit' ? spending(n, usdc, served) : topUp(n, usdc);
    }),
  );
const anyUsage = anySales.map((sales) =>
  usageOf(sales, {
    devices: [
      { device: 'b', owner: owner(2), cell: 'east' },
      { device: 'c', owner: NOBODY, cell: 'east' },
    ],
    operators: [{ cell: 'east', operator: owner(9) }],
  }),
);
const DAYS = [
  day('a', owner(1), 'west'),
  day('d', owner(1), 'east'),
  { ...day('new', owner(4), 'east'), origin: 'old' },
];
const KEYS = new Map([
  ['new', 'between'],
  ['between', 'old'],
]);

const sum = (rows: readonly { readonly usdc: bigint }[]): bigint => rows.reduce((total, { usdc }) => total + usdc, 0n);

test('every base unit of what is split reaches exactly one payee, and a top-up reaches nobody', () => {
  fc.assert(
    fc.property(anyUsage, (usage) => {
      const shares = shareUsage(usage, DAYS, KEYS, rules);
      expect(shares.usdc).toBe(sum(usage.sales.filter(({ kind }) => kind !== 'top-up')));
      expect(sum(shares.payees)).toBe(shares.usdc);
      expect(sum(shares.devices) + sum(shares.operators) + shares.burn + shares.treasury).toBe(shares.usdc);
      expect(shares.payees.map((payee) => payee.owner)).not.toContain(NOBODY);
      expect(unspentAfter(0n, usage.sales)).toBe(shares.topUps - shares.spent);
    }),
  );
});

test('the order of sales and days changes no share and no byte of the list', () => {
  fc.assert(
    fc.property(anyUsage, (usage) => {
      const turned = { ...usage, sales: usage.sales.toReversed(), devices: usage.devices.toReversed() };
      expect(shareUsage(turned, DAYS.toReversed(), KEYS, rules)).toEqual(shareUsage(usage, DAYS, KEYS, rules));
      expect(encodeUsage(7, turned)).toBe(encodeUsage(7, usage));
      expect(encodeUsage(7, decodeUsage(encodeUsage(7, usage)))).toBe(encodeUsage(7, usage));
    }),
  );
});

const one = (facts: Partial<UsageFacts>, days: readonly DeviceDay[] = DAYS) =>
  shareUsage(usageOf([sale(1, 1000n, [{ device: 'b', units: 5 }])], facts), days, NO_PREDECESSORS, rules);

test('a device-day of the epoch says who owns a device, and only where there is none the list does', () => {
  const facts = { devices: [{ device: 'b', owner: owner(2), cell: 'east' }] };
  expect(one(facts).devices).toEqual([{ device: 'b', owner: owner(2), units: 5, usdc: 800n }]);
  expect(one(facts, [day('b', owner(3), 'west')]).devices).toMatchObject([{ owner: owner(3) }]);
  expect(keysWithoutDay([sale(1, 1n, [{ device: 'b', units: 1 }])], DAYS)).toEqual(['b']);
});

test("what was sold under a key that the device no longer has is its present owner's, under the key that it has", () => {
  const served = ['old', 'between', 'new'].map((device) => ({ device, units: 5 }));
  const shares = shareUsage(usageOf([sale(1, 1500n, served)]), DAYS, KEYS, rules);
  expect(shares.devices).toEqual([{ device: 'new', owner: owner(4), units: 15, usdc: 1200n }]);
  // The list's last day before is older than the day.
  const listed = usageOf([sale(1, 1000n, [{ device: 'old', units: 5 }])], {
    devices: [{ device: 'old', owner: owner(2), cell: 'west' }],
  });
  expect(shareUsage(listed, DAYS, KEYS, rules).devices).toMatchObject([{ device: 'new', owner: owner(4) }]);
});

test('a key that has a day of the epoch goes by it, whatever succeeded it within the epoch', () => {
  const moved = [...DAYS, day('old', owner(3), 'west')];
  const sold = usageOf([sale(1, 1000n, [{ device: 'old', units: 5 }])]);
  expect(shareUsage(sold, moved, KEYS, rules).devices).toMatchObject([{ device: 'old', owner: owner(3) }]);
});

test("keys that name each other as predecessors are nobody's", () => {
  const circle = new Map([
    ['x', 'y'],
    ['y', 'x'],
  ]);
  const sold = usageOf([sale(1, 1000n, [{ device: 'x', units: 5 }])]);
  expect(shareUsage(sold, DAYS, circle, rules).devices).toEqual([]);
});

test('what a device without an owner, a region without an operator or no device at all would get goes to the treasury', () => {
  const rest = [
    { owner: TREASURY, usdc: 900n },
    { owner: AUCTION, usdc: 100n },
  ];
  const known = { devices: [{ device: 'b', owner: NOBODY, cell: 'east' }] };
  for (const facts of [{}, known, { ...known, operators: [{ cell: 'east', operator: NOBODY }] }])
    expect(one(facts).payees).toEqual(rest);
  expect(shareUsage(usageOf([sale(1, 1000n, [])]), DAYS, NO_PREDECESSORS, rules).payees).toEqual(rest);
});

test('an epoch without a sale has a list of its own, and nobody to pay', () => {
  expect(shareUsage(NO_USAGE, DAYS, NO_PREDECESSORS, rules)).toMatchObject({ payees: [], sales: 0, usdc: 0n });
  expect(encodeUsage(7, NO_USAGE)).not.toBe(encodeUsage(8, NO_USAGE));
  expect(PAYEES.auction).toBe(AUCTION);
});
