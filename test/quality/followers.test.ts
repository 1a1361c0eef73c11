/**
 * Quantities that follow others of their device, beside measured ones: they bring no second vote against the device, and
 * their own verdicts are as good as those of what they follow.
 */
import { expect, test, vi } from 'vitest';
import { quantityByCode } from '../../core/reading/quantity.ts';
import type { Value } from '../../scripts/qc/data-set.ts';
import {
  firstDifference,
  flaggedShare,
  loadSlice,
  replayOf,
  scoresOf,
  verdictsOf,
  type Slice,
} from '../support/slice-replay.ts';
import { noise } from '../support/town.ts';

vi.setConfig({ testTimeout: 120_000 });

/** By day its hygrometer reads 1 to 7 % while all others have 20 to 35: too little in percent to be told from a dry place. */
const TOO_DRY = '28079108';
const FOLLOWERS: ReadonlySet<string> = new Set(['dew_point', 'wind_gust']);

const index = (code: string): number => quantityByCode(code)?.index ?? -1;
const [TEMP, RH, WIND] = [index('temp'), index('rh'), index('wind_speed')];

/** Magnus, with the coefficients of WMO-No. 8; to a tenth, as weather stations tell it. */
function dewPointOf(celsius: number, humidityPercent: number): number {
  const part = Math.log(humidityPercent / 100) + (17.62 * celsius) / (243.12 + celsius);
  return Math.round((2431.2 * part) / (17.62 - part)) / 10;
}

/** Every station that measures what they are made of has a dew point and a gust as well. */
function withFollowers({ stations, rows }: Slice): Slice {
  const made = rows.map((row) => {
    const valueOf = (quantity: number) => row.values.find((value) => value.quantity === quantity)?.value;
    const [temp, rh, wind] = [valueOf(TEMP), valueOf(RH), valueOf(WIND)];
    const added: Value[] = [];
    if (temp !== undefined && rh !== undefined && rh > 0)
      added.push({ column: 'dew_point', quantity: index('dew_point'), value: dewPointOf(temp, rh) });
    if (wind !== undefined) {
      // A gust factor of a town, 1.4 to 2.2.
      const factor = 1.4 + 0.8 * noise(Number(row.device) || 0, row.measuredMs / 1000);
      added.push({ column: 'wind_gust', quantity: index('wind_gust'), value: Math.round(wind * factor * 10) / 10 });
    }
    return { ...row, values: [...row.values, ...added] };
  });
  return { stations, rows: made };
}

const slice = await loadSlice('madrid-2020-02');
const plain = replayOf(slice);
const beside = replayOf(withFollowers(slice));

test('a dew point and a gust beside what they follow change no verdict on anything else', () => {
  const others = verdictsOf(beside).filter(({ quantity }) => !FOLLOWERS.has(quantity));
  expect(others.length).toBe(verdictsOf(plain).length);
  expect(firstDifference(others, verdictsOf(plain))).toBeNull();
});

test('of clean weeks hardly an hour of theirs is flagged, but a hygrometer that is far off shows by its dew point', () => {
  for (const follower of FOLLOWERS) {
    const theirs = verdictsOf(beside).filter(({ quantity }) => quantity === follower);
    const honest = theirs.filter(({ device }) => device !== TOO_DRY);
    expect(honest.length).toBeGreaterThan(5000);
    expect(flaggedShare(honest)).toBeLessThan(0.008);
  }
  const ofTooDry = verdictsOf(beside).filter(({ device }) => device === TOO_DRY);
  expect(flaggedShare(ofTooDry.filter(({ quantity }) => quantity === 'rh'))).toBe(0);
  expect(flaggedShare(ofTooDry.filter(({ quantity }) => quantity === 'dew_point'))).toBeGreaterThan(0.1);
});

test('no score falls by more than a hundredth for them', () => {
  const before = scoresOf(plain);
  const losses = [...scoresOf(beside)].map(([day, score]) => (before.get(day) ?? 0) - score);
  expect(Math.max(...losses)).toBeLessThan(100);
});
