/** Builds logs for tests of the fold: entries with the numbers and times a region object would give them. */
import type { DeviceId, OwnerAddress, PlaceCell, RegionCell } from '../../core/ids.ts';
import { quantityByCode } from '../../core/reading/quantity.ts';
import type { Reading } from '../../core/reading/reading.ts';
import type { CharterBody, EntryBody, LogEntry, MembershipBody } from '../../core/region/entry.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { hashRuleSet, type RuleSet } from '../../core/rules/rule-set.ts';
import { FoldLog } from '../../scripts/lib/fold-log.ts';

export const MADRID = '83390cfffffffff' as RegionCell;
export const HOUR_MS = 3_600_000;
/** A UTC midnight. */
export const DAY0_MS = Date.UTC(2026, 5, 1);

/** `degreesEast`: of Madrid. */
export function charterOf(rules: RuleSet = MAIN_RULES, cell: RegionCell = MADRID, degreesEast = 0): CharterBody {
  const east = degreesEast * 100_000;
  return {
    kind: 'rule-set',
    rules: rules.name,
    ruleSetHash: hashRuleSet(rules),
    cell,
    regionName: 'Madrid',
    boundary: [
      [-400_000 + east, 4_000_000],
      [-300_000 + east, 4_000_000],
      [-350_000 + east, 4_100_000],
    ],
  };
}

/** Devices a few kilometers apart along a parallel; ids have the right shape, their keys are never used. */
export function memberOf(slot: number, change: Partial<MembershipBody> = {}): MembershipBody {
  const letters = String(1000 + slot).replaceAll('0', 'z');
  return {
    kind: 'membership',
    version: 1,
    device: `did:key:z6Mk${'a'.repeat(40)}${letters}` as DeviceId,
    status: 'active',
    owner: `0x${String(slot + 1).padStart(40, '0')}` as OwnerAddress,
    displayName: `Station ${slot}`,
    place: '87390ca00ffffff' as PlaceCell,
    latitudeE5: 4_042_000,
    longitudeE5: -370_000 + slot * 4000,
    elevationM: 650,
    tier: 1,
    density: '87390ca00ffffff' as PlaceCell,
    claimedMs: DAY0_MS - 1000 + slot,
    ...change,
  };
}

export function reading(code: string, measuredMs: number, value: number): Reading {
  const quantity = quantityByCode(code);
  if (quantity === undefined) throw new Error(`no quantity ${code}`);
  return { quantity: quantity.index, measuredMs, steps: Math.round(value * quantity.stepsPerUnit) };
}

export class TestLog extends FoldLog {
  readonly entries: LogEntry[] = [];

  constructor(devices: number, rules: RuleSet = MAIN_RULES, nowMs: number = DAY0_MS, cell: RegionCell = MADRID) {
    super(rules);
    this.add(charterOf(rules, cell), nowMs);
    for (let slot = 0; slot < devices; slot += 1) this.add(memberOf(slot), nowMs);
  }

  protected override entryOf(body: EntryBody, receivedMs: number): LogEntry {
    const entry = super.entryOf(body, receivedMs);
    this.entries.push(entry);
    return entry;
  }
}
