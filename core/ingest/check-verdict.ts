/** What `POST /v1/check` can say of readings without a device's history: their times and their gross range. */
import { checkRange } from '../qc/point-checks.ts';
import { QUANTITIES } from '../reading/quantity.ts';
import { GOOD, type Reading } from '../reading/reading.ts';
import type { ReceiptFlag, RefusedReading } from '../region/receipt.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { rfc3339 } from '../time.ts';

export type CheckVerdict = {
  readonly accepted: number;
  readonly refused: readonly RefusedReading[];
  readonly flags: readonly ReceiptFlag[];
};

export function checkVerdict(readings: readonly Reading[], rules: RuleSet, nowMs: number): CheckVerdict {
  const refused: RefusedReading[] = [];
  const flags: ReceiptFlag[] = [];
  const latestMs = nowMs + rules.time.maxAheadSeconds * 1000;
  const earliestMs = nowMs - rules.time.maxAgeSeconds * 1000;
  for (const { quantity: index, measuredMs, steps } of readings) {
    const quantity = QUANTITIES[index];
    if (!quantity) continue; // cannot be: readings come from parseReadings, which knows only the catalogue
    const facts = { quantity: quantity.code, time: rfc3339(measuredMs) };
    if (measuredMs > latestMs) refused.push({ ...facts, code: 'in-the-future' });
    else if (measuredMs < earliestMs) refused.push({ ...facts, code: 'too-old' });
    else {
      const flag = checkRange(steps / quantity.stepsPerUnit, rules.quality[quantity.code]);
      if (flag !== GOOD) flags.push({ ...facts, test: 'range', flag });
    }
  }
  return { accepted: readings.length - refused.length, refused, flags };
}
