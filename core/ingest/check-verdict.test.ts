import { expect, test } from 'vitest';
import { quantityByCode } from '../reading/quantity.ts';
import type { Reading } from '../reading/reading.ts';
import { MAIN_RULES } from '../rules/main.ts';
import { checkVerdict } from './check-verdict.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 12);

function temperature(celsius: number, ageSeconds: number): Reading {
  const quantity = quantityByCode('temp');
  if (!quantity) throw new Error('temp');
  return { quantity: quantity.index, measuredMs: NOW_MS - ageSeconds * 1000, steps: celsius * quantity.stepsPerUnit };
}

test('readings in range and in time pass without a word', () => {
  expect(checkVerdict([temperature(21, 0), temperature(-30, 3600)], MAIN_RULES, NOW_MS)).toEqual({
    accepted: 2,
    refused: [],
    flags: [],
  });
});

test('what no thermometer outdoors can measure is flagged, not refused', () => {
  expect(checkVerdict([temperature(85, 0), temperature(57, 60)], MAIN_RULES, NOW_MS)).toEqual({
    accepted: 2,
    refused: [],
    flags: [
      { quantity: 'temp', time: '2026-11-22T12:00:00.000Z', test: 'range', flag: 4 },
      { quantity: 'temp', time: '2026-11-22T11:59:00.000Z', test: 'range', flag: 3 },
    ],
  });
});

test('readings from the future and from before the rules reach are refused one by one', () => {
  const { maxAheadSeconds, maxAgeSeconds } = MAIN_RULES.time;
  const verdict = checkVerdict(
    [
      temperature(20, -maxAheadSeconds),
      temperature(20, -maxAheadSeconds - 1),
      temperature(20, maxAgeSeconds),
      temperature(20, maxAgeSeconds + 1),
    ],
    MAIN_RULES,
    NOW_MS,
  );
  expect(verdict.accepted).toBe(2);
  expect(verdict.refused.map((refusal) => refusal.code)).toEqual(['in-the-future', 'too-old']);
});
