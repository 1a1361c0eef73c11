/** What nobody gains by: more keys for one sensor, junk, and buying one's own data. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAIN_RULES } from '../rules/main.ts';
import { ALIKE_EPOCHS, withAlike, type SeriesDay } from './alike.ts';
import { potOf } from './pot.ts';
import { splitSale } from './sale.ts';
import { splitPot } from './split.ts';
import { FULL_WEIGHT, weighDays, type DeviceDay } from './weight.ts';

const rules = MAIN_RULES.reward;
const POT = potOf(0, 0n, rules);
const OWNER = `0x${'a'.repeat(40)}`;
const OTHER = `0x${'b'.repeat(40)}`;

const day = (device: string, more: Partial<DeviceDay> = {}): DeviceDay => ({
  device,
  cell: '831f8dfffffffff',
  owner: OTHER,
  status: 'active',
  tier: 2,
  density: 'here',
  claimedMs: 0,
  scoreBps: 10_000,
  score30Bps: 10_000,
  eligible: true,
  ...more,
});
const earned = (days: readonly DeviceDay[], owner: string, pot = POT): bigint =>
  splitPot(pot, weighDays(days, rules), 0n, rules).shares.reduce(
    (sum, share) => (share.owner === owner ? sum + share.amount : sum),
    0n,
  );
/** So many full weights elsewhere that the least weight no longer matters. */
const crowd = (devices: number): readonly DeviceDay[] =>
  Array.from({ length: devices }, (_, n) => day(`crowd-${n}`, { density: `crowd-${n}` }));

const anyDay = fc.record({
  tier: fc.constantFrom(0, 1, 2),
  scoreBps: fc.integer({ min: 0, max: 10_000 }),
  score30Bps: fc.integer({ min: 0, max: 10_000 }),
  claimedMs: fc.nat({ max: 1000 }),
});

/** Numbers from 0 to 1, the same for the same seed. */
const draws = (seed: number) => {
  let state = seed | 0;
  return (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
};
const HOURS = 168;
/** Temperature and particulates of a week: a day's course, weather that all share, and something of its own. */
const week = (seed: number, own: number): readonly (readonly number[])[] => {
  const [shared, self] = [draws(7), draws(seed)];
  let weather = 0;
  return Array.from({ length: HOURS }, (_, hour) => {
    weather = 0.95 * weather + shared() - 0.5;
    const course = Math.abs((hour % 24) - 12);
    const mine = 2 * own * (self() - 0.5);
    return [15 + 0.5 * course + weather + 2 * mine, 12 + 4 * weather + course / 4 + 6 * mine];
  });
};
const EPOCH = 100;
const DAY_HOURS = 24;
/** In hundredths, as the regions publish them. */
const series = (
  device: string,
  values: readonly (readonly number[])[],
  noise: () => number = () => 0,
  quantities: readonly number[] = [0, 1],
): readonly SeriesDay[] =>
  Array.from({ length: ALIKE_EPOCHS }, (_, at) => ({
    device,
    epoch: EPOCH - ALIKE_EPOCHS + 1 + at,
    series: quantities.map((quantity, column) => ({
      quantity,
      hours: values
        .slice(at * DAY_HOURS, (at + 1) * DAY_HOURS)
        .map((row) => [1, Math.round(100 * (row[column] ?? 0) * (1 + noise())), 1, 0] as const),
    })),
  }));
const marked = (days: readonly DeviceDay[], week: readonly SeriesDay[]) => withAlike(days, week, EPOCH, DAY_HOURS);
/** What a splitter may add: anything from -2 % to 2 %; the most that it can make of it is always one of the two ends. */
const noises = {
  even: (random: () => number) => () => 0.04 * (random() - 0.5),
  extreme: (random: () => number) => () => (random() < 0.5 ? -0.02 : 0.02),
};

test('one sensor under several keys, its series repeated with up to 2 % of noise, never earns its owner more', () => {
  fc.assert(
    fc.property(
      anyDay,
      fc.array(anyDay, { maxLength: 5 }),
      fc.array(fc.record({ tier: fc.nat({ max: 2 }), lostBps: fc.nat({ max: 3000 }), later: fc.nat({ max: 1000 }) }), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.integer(),
      fc.constantFrom<keyof typeof noises>('even', 'extreme'),
      fc.boolean(),
      (own, neighbors, keys, seed, kind, isCrowded) => {
        const sensor = day('own', { ...own, owner: OWNER });
        const others = neighbors.map((more, n) => day(`neighbor-${n}`, more));
        const split = keys.map(({ tier, lostBps, later }, n) =>
          day(`own-${n}`, {
            owner: OWNER,
            tier: Math.min(tier, own.tier),
            claimedMs: own.claimedMs + later,
            scoreBps: Math.max(0, own.scoreBps - lostBps),
            score30Bps: Math.max(0, own.score30Bps - lostBps),
          }),
        );
        const random = draws(seed);
        const values = week(seed, 0.5);
        const noise = noises[kind](random);
        const weeks = [
          ...series(sensor.device, values, noise),
          ...split.flatMap((key) => series(key.device, values, noise)),
          ...others.flatMap((other, n) => series(other.device, week(1000 + n, 0.5))),
        ];
        const elsewhere = isCrowded ? crowd(600) : [];
        const after = marked([...elsewhere, ...others, sensor, ...split], weeks);
        expect(earned(after, OWNER)).toBeLessThanOrEqual(earned([...elsewhere, ...others, sensor], OWNER));
      },
    ),
    { numRuns: 60 },
  );
});

test('neighbors with weather in common and something of their own are told apart; an offset makes no difference', () => {
  const random = draws(3);
  const one = week(1, 0.5);
  const shifted = one.map((row) => row.map((value) => value + 1.5));
  const days = marked(
    [
      day('a', { claimedMs: 1 }),
      day('shifted', { claimedMs: 2 }),
      day('neighbor', { claimedMs: 3 }),
      day('elsewhere', { claimedMs: 4, density: 'there' }),
      day('few-hours', { claimedMs: 5 }),
      day('other-quantity', { claimedMs: 6 }),
    ],
    [
      ...series('a', one),
      ...series('shifted', shifted, noises.even(random)),
      ...series('neighbor', week(2, 0.5)),
      ...series('elsewhere', one),
      ...series('few-hours', one.slice(0, 83)),
      ...series('other-quantity', one, noises.even(random), [9]),
    ],
  );
  expect(days.filter(({ alike }) => alike !== undefined)).toMatchObject([{ device: 'shifted', alike: 'a' }]);
});

test('only the week up to the epoch counts', () => {
  const one = week(1, 0.5);
  const pair = [day('a', { claimedMs: 1 }), day('b', { claimedMs: 2 })];
  const weeks = [...series('a', one), ...series('b', one)];
  const at = (epoch: number) => withAlike(pair, weeks, epoch, DAY_HOURS).filter(({ alike }) => alike !== undefined);
  expect(at(EPOCH)).toHaveLength(1);
  // Four days earlier it had three days of the two.
  expect(at(EPOCH - 4)).toEqual([]);
  expect(at(EPOCH + 4)).toEqual([]);
});

test('who repeats a neighbor takes nothing from it, however many keys repeat', () => {
  const established = day('z', { claimedMs: 1 });
  const copies = Array.from({ length: 9 }, (_, n) => day(`copy-${n}`, { owner: OWNER, claimedMs: 2, alike: 'z' }));
  const after = weighDays([established, ...copies], rules);
  expect(after.find(({ device }) => device === 'z')?.weight).toBe(FULL_WEIGHT);
  expect(after.reduce((sum, { weight }) => sum + weight, 0)).toBe(FULL_WEIGHT);
});

test('no splitting pays in a density cell that is full of devices ranked above the new keys', () => {
  fc.assert(
    fc.property(anyDay, fc.array(anyDay, { minLength: 1, maxLength: 20 }), (own, keys) => {
      const residents = [1, 2, 3].map((n) => day(`resident-${n}`));
      const sensor = day('own', { owner: OWNER, scoreBps: Math.max(6500, own.scoreBps) });
      const split = keys.map((more, n) => day(`own-${n}`, { ...more, owner: OWNER, claimedMs: 1 + more.claimedMs }));
      const before = [...residents, sensor];
      expect(earned([...before, ...split], OWNER)).toBe(earned(before, OWNER));
    }),
  );
});

test('any number of junk devices beside an established one lowers its pay by at most 0.075 %', () => {
  fc.assert(
    fc.property(fc.array(anyDay, { maxLength: 40 }), fc.constantFrom(0, 400, 499, 700), (junk, others) => {
      const established = day('own', { owner: OWNER, tier: 1 });
      const before = [...crowd(others), established];
      const beside = junk.map((more, n) => day(`junk-${n}`, { ...more, tier: 0 }));
      const [alone, among] = [earned(before, OWNER), earned([...before, ...beside], OWNER)];
      expect(among).toBeLessThanOrEqual(alone);
      // Three slots at tier 0 weigh .375 of at least 500; rounding takes one unit more.
      expect((alone - among - 1n) * 4000n).toBeLessThanOrEqual(3n * alone);
    }),
    { numRuns: 60 },
  );
});

const anySale = fc.record({
  usdc: fc.bigInt({ min: 1n, max: 10n ** 12n }),
  /** RewardToken base units that the lot of this sale costs: any price. */
  burned: fc.bigInt({ min: 10n ** 12n, max: potOf(0, 10n ** 30n, rules) - POT }),
  burnedByOthers: fc.bigInt({ min: 0n, max: 10n ** 22n }),
  own: fc.nat({ max: 700 }),
  others: fc.nat({ max: 700 }),
});
/** Base units that rounding may add up to. */
const DUST = 700n;
test('payer, devices and regional operator in one hand lose by buying their own data, at every price of the lot', () => {
  fc.assert(
    fc.property(anySale, ({ usdc, burned, burnedByOthers, own, others }) => {
      const mine = Array.from({ length: own }, (_, n) => day(`own-${n}`, { owner: OWNER, density: `own-${n}` }));
      const days = [...mine, ...crowd(others)];
      const at = (total: bigint): bigint => earned(days, OWNER, potOf(0, total, rules));
      const gained = at(burnedByOthers + burned) - at(burnedByOthers);
      const served = mine.map(({ device }, n) => ({ device, units: n + 1 }));
      const sale = splitSale(usdc, served, () => 'here', rules);
      const back = [...sale.devices, ...sale.operators].reduce((sum, share) => sum + share.usdc, 0n);
      expect(gained).toBeLessThanOrEqual(burned + DUST);
      // Taking the lot themselves: a twentieth of the USDC is gone, and no token comes back beyond what they burned.
      expect((usdc - back - sale.burn) * 20n).toBeGreaterThanOrEqual(usdc);
      // Leaving the lot to somebody who pays no more than it is worth: a token is worth `sale.burn / burned` at most.
      expect(gained * sale.burn).toBeLessThan((usdc - back) * burned);
    }),
    { numRuns: 60 },
  );
});

test('a device that is quarantined changes what no other device gets', () => {
  fc.assert(
    fc.property(fc.array(anyDay, { minLength: 2, maxLength: 12 }), fc.nat(), fc.boolean(), (rows, pick, isCrowded) => {
      const days = [...(isCrowded ? crowd(600) : []), ...rows.map((more, n) => day(`d-${n}`, more))];
      const chosen = `d-${pick % rows.length}`;
      const frozen = days.map((one) => (one.device === chosen ? { ...one, status: 'quarantined' as const } : one));
      const amounts = (of: readonly DeviceDay[]) =>
        splitPot(POT, weighDays(of, rules), 0n, rules).shares.map(({ device, amount }) => [device, amount]);
      expect(amounts(frozen)).toEqual(amounts(days));
    }),
    { numRuns: 60 },
  );
});
