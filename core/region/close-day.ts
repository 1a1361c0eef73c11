/** The end of an epoch in one region: device-days with their scores, and revisions for what came late. */
import type { RuleSet } from '../rules/rule-set.ts';
import { NOT_EVALUATED } from '../reading/reading.ts';
import { LATE } from '../qc/tests.ts';
import { epochOfHour, epochStartMs, firstHourOf, hoursPerEpoch, hourStartMs } from '../time.ts';
import { forgetLines, payStatusOf } from './chain.ts';
import { cellSum } from './cells.ts';
import type { DayCell, DayMember, DaySeries, Outputs } from './outputs.ts';
import { spendMaintenance } from './maintenance.ts';
import { rememberScore, rememberSilence, scoreDay } from './score.ts';
import type { DeviceState, RegionState } from './state.ts';
import { firstKey, keyAt } from './succession.ts';

export function closeDay(state: RegionState, epoch: number, rules: RuleSet, outputs: Outputs): void {
  for (const device of state.devices) {
    scoreDevice(device, epoch, rules, outputs);
    revise(device, epoch, rules, outputs);
    forgetLines(device, epochStartMs(epoch + 1, rules.time), rules.time);
  }
}

function memberOf(known: DeviceState, epoch: number): DayMember {
  const { owner, tier, density, latitudeE5, longitudeE5 } = known.membership;
  // Seniority is that of the place: who moves ranks behind those who were there before.
  const claimedMs = Math.max(known.membership.claimedMs, known.settledMs);
  const [device, first] = [keyAt(known, epoch), firstKey(known)];
  const status = payStatusOf(known);
  const origin = first === device ? null : first;
  return { device, owner, status, tier, density, claimedMs, latitudeE5, longitudeE5, origin };
}

function scoreDevice(device: DeviceState, epoch: number, rules: RuleSet, outputs: Outputs): void {
  const cells = device.day;
  device.day = [];
  const maintenance = spendMaintenance(device, epoch, rules.score, rules.time);
  if (cells.length === 0) {
    // A silent day earns nothing and is no row; integrity forgets with time.
    device.badHours = [0, ...device.badHours].slice(0, rules.score.memoryDays - 1);
    if (maintenance.excused.size === 0) rememberSilence(device, rules.score);
    return;
  }
  const score = scoreDay(device, cells, expectedQuantities(device, epoch, rules), maintenance, rules);
  device.badHours = [score.badHours, ...device.badHours].slice(0, rules.score.memoryDays - 1);
  if (cells.some(({ flag }) => flag !== NOT_EVALUATED)) device.reliabilityBps = score.parts.reliabilityBps;
  rememberScore(device, score.scoreBps, rules.score);
  const byQuantity = new Map<number, [number, DayCell][]>();
  for (const cell of cells) {
    const { count, sum } = cellSum(cell);
    const row = byQuantity.get(cell.quantity) ?? [];
    row.push([cell.hour, [count, sum, cell.flag, cell.tests]]);
    byQuantity.set(cell.quantity, row);
  }
  outputs.days.push({
    member: memberOf(device, epoch),
    epoch,
    scoreBps: score.scoreBps,
    score30Bps: device.score30Bps,
    weeklyBps: device.weeklyBps,
    eligible: device.eligible,
    parts: score.parts,
    series: seriesOfDay(byQuantity, epoch, rules),
  });
}

/** Quantities shown within the integrity memory: one that falls silent goes on costing availability that long. */
function expectedQuantities(device: DeviceState, epoch: number, rules: RuleSet): number {
  const sinceMs = hourStartMs(firstHourOf(epoch + 1 - rules.score.memoryDays, rules.time), rules.time);
  return device.quantities.filter((series) => series.lastMs >= sinceMs).length;
}

function seriesOfDay(
  byQuantity: ReadonlyMap<number, readonly [number, DayCell][]>,
  epoch: number,
  rules: RuleSet,
): DaySeries[] {
  const first = firstHourOf(epoch, rules.time);
  return [...byQuantity]
    .sort(([a], [b]) => a - b)
    .map(([quantity, cells]) => {
      const hours: (DayCell | null)[] = Array.from({ length: hoursPerEpoch(rules.time) }, () => null);
      for (const [hour, cell] of cells) hours[hour - first] = cell;
      return { quantity, hours };
    });
}

function revise(device: DeviceState, epoch: number, rules: RuleSet, outputs: Outputs): void {
  const oldest = firstHourOf(epoch, rules.time) - Math.ceil(rules.time.maxAgeSeconds / rules.time.hourSeconds);
  device.late = device.late.filter((cell) => cell.hour >= oldest);
  const epochs = new Set(device.late.filter((cell) => !cell.revised).map((cell) => epochOfHour(cell.hour, rules.time)));
  for (const late of [...epochs].sort((a, b) => a - b)) {
    const byQuantity = new Map<number, [number, DayCell][]>();
    let readings = 0;
    for (const cell of device.late) {
      if (epochOfHour(cell.hour, rules.time) !== late) continue;
      cell.revised = true;
      readings += cell.count;
      const row = byQuantity.get(cell.quantity) ?? [];
      row.push([cell.hour, [cell.count, cell.sum, NOT_EVALUATED, LATE]]);
      byQuantity.set(cell.quantity, row);
    }
    outputs.revisions.push({
      member: memberOf(device, late),
      epoch: late,
      late: readings,
      series: seriesOfDay(byQuantity, late, rules),
    });
  }
}
