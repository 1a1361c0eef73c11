/** The demonstration: what the network makes of the fleet that `npm start` sets up, told by the fold alone. */
import { expect, test } from 'vitest';
import { packReadings } from '../../core/reading/pack.ts';
import { quantityByCode } from '../../core/reading/quantity.ts';
import type { Reading } from '../../core/reading/reading.ts';
import { conversionOf, stepsOf } from '../../core/reading/units.ts';
import { applyEntry } from '../../core/region/fold.ts';
import type { EntryBody, MembershipBody } from '../../core/region/entry.ts';
import { closeLimit } from '../../core/region/close.ts';
import { noOutputs } from '../../core/region/outputs.ts';
import { emptyState } from '../../core/region/state.ts';
import type { DeviceId, OwnerAddress, PlaceCell, RegionCell } from '../../core/ids.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { hashRuleSet } from '../../core/rules/rule-set.ts';
import { behaviourOf, valuesAt } from './behaviour.ts';
import { loadSlices, SENT_UNITS, type Slices } from './slice.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 5);
const DAYS = 14;
const MISBEHAVING = ['28079018', '28079036', 'Dingling'];

type Mean = { readonly station: string; readonly score: number; readonly tests: ReadonlySet<string> };

function scoresOf(slices: Slices, region: string): readonly Mean[] {
  const stations = slices.stations.filter((station) => station.region === region);
  const state = emptyState();
  const outputs = noOutputs();
  const append = (body: EntryBody, receivedMs: number): void => {
    applyEntry(state, { ...body, seq: state.seq + 1, receivedMs }, MAIN_RULES, outputs);
  };
  const cell = '83390cfffffffff' as RegionCell;
  append(
    { kind: 'rule-set', rules: 'main', ruleSetHash: hashRuleSet(MAIN_RULES), cell, regionName: region, boundary: [] },
    START_MS,
  );
  for (const station of stations) append(memberOf(station), START_MS);
  for (let hour = 0; hour < DAYS * 24; hour += 1) {
    const startMs = START_MS + hour * HOUR_MS;
    for (const [slot, station] of stations.entries()) {
      const readings = readingsAt(slices, station.id, hour, startMs);
      if (readings.length === 0) continue;
      const nonce = (hour * 100 + slot + 1).toString(16).padStart(16, '0');
      const digest = new Uint8Array(32);
      append(
        { kind: 'batch', slot, nonce, digest, readings: packReadings(readings), evidence: digest },
        startMs + 3000 + slot * 200,
      );
    }
    const at = START_MS / HOUR_MS + hour;
    // The backfill days before the first batch close one by one.
    for (let through = 0; through < at;) {
      through = Math.min(at, closeLimit(state, MAIN_RULES) ?? at);
      append({ kind: 'hour-close', hour: through }, startMs + HOUR_MS + 300_000);
      append({ kind: 'neighbour-cells', hour: through, blocks: [] }, startMs + HOUR_MS + 300_000);
    }
  }
  return stations.map(({ id }) => {
    const days = outputs.days.filter((day) => day.member.device === id && day.epoch > START_MS / HOUR_MS / 24);
    const score = days.reduce((sum, day) => sum + day.scoreBps, 0) / Math.max(1, days.length) / 10_000;
    return { station: id, score, tests: new Set(days.flatMap((day) => day.parts.causes.map(([code]) => code))) };
  });
}

function memberOf(station: Slices['stations'][number]): MembershipBody {
  const place = '87390ca00ffffff' as PlaceCell;
  return {
    kind: 'membership',
    version: 1,
    device: station.id as DeviceId,
    status: 'active',
    owner: `0x${'0'.repeat(40)}` as OwnerAddress,
    displayName: station.id,
    place,
    latitudeE5: Math.round(station.latitude * 1e5),
    longitudeE5: Math.round(station.longitude * 1e5),
    elevationM: station.elevationM,
    tier: 1,
    density: place,
    claimedMs: START_MS,
  };
}

function readingsAt(slices: Slices, station: string, hour: number, measuredMs: number): readonly Reading[] {
  return valuesAt(slices, station, behaviourOf(station), 'isobar', hour).flatMap(({ quantity: code, value }) => {
    const quantity = quantityByCode(code);
    const unit = SENT_UNITS[code];
    if (quantity === undefined || unit === undefined) return [];
    const conversion = conversionOf(quantity, unit);
    const steps = conversion.ok ? stepsOf(conversion.value, value) : null;
    return steps === null ? [] : [{ quantity: quantity.index, measuredMs, steps }];
  });
}

test('the demo fleet: misbehaving stations lose, honest ones keep at least 95 %', async () => {
  const slices = await loadSlices();
  const regions = [...new Set(slices.stations.map((station) => station.region))];
  const all = regions.flatMap((region) => scoresOf(slices, region));
  for (const { station, score } of all) {
    if (MISBEHAVING.includes(station)) expect(score, station).toBeLessThan(0.9);
    else expect(score, station).toBeGreaterThan(0.95);
  }
  const testsOf = (station: string) => all.find((one) => one.station === station)?.tests;
  expect(testsOf('28079018')).toContain('flat');
  expect(testsOf('28079036')).toContain('range');
  expect(testsOf('Dingling')).toContain('copy');
}, 30_000);
