/** Tells who asked which devices crossed a threshold in the hours that have closed and are public. */
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { hourOf } from '../../core/time.ts';
import { crossingsOf } from '../../core/webhook/crossing.ts';
import type { ThresholdTopic } from '../../core/webhook/topic.ts';
import type { Hook } from './api.ts';
import { thresholdMessage } from './messages.ts';
import { readCells, readHours, readProgress, type ClosedHour, type RegionProgress } from './read.ts';
import type { NotifierStore } from './store.ts';

type ThresholdHook = { readonly hook: Hook; readonly topic: ThresholdTopic };

/** A region that is far behind is caught up over several looks. */
const HOURS_AT_ONCE = 48;

/** @return true: a region has more hours than one look takes */
export async function watchHours(
  store: NotifierStore,
  db: D1Database,
  rules: RuleSet,
  nowMs: number,
): Promise<boolean> {
  const watchers = await watchersByCell(db, store.activeHooks());
  const regions = await readProgress(db, [...watchers.keys()]);
  store.forgetOtherCells([...watchers.keys()]);
  let isMore = false;
  for (const region of regions) {
    const visible = visibleHour(region, rules, nowMs);
    const watched = store.watched(region.cell);
    // One that had not begun when it was first looked at has nothing before its first hour.
    const known = watched === null ? null : Math.max(watched, (region.firstHour ?? 0) - 1);
    const through = known === null ? visible : Math.min(visible, known + HOURS_AT_ONCE);
    if (known !== null && through <= known) continue;
    const hours = known === null ? [] : await readHours(db, region, known, through);
    isMore ||= through < visible;
    store.transaction(() => {
      for (const closed of hours) noteHour(store, watchers.get(region.cell) ?? [], region, closed, rules, nowMs);
      store.setWatched(region.cell, through);
    });
  }
  return isMore;
}

/** What closed before a webhook began is no news to it. */
export async function noteStart(
  store: NotifierStore,
  db: D1Database,
  rules: RuleSet,
  hook: Hook,
  nowMs: number,
): Promise<void> {
  const watchers = await watchersByCell(db, [hook]);
  for (const region of await readProgress(db, [...watchers.keys()]))
    if (store.watched(region.cell) === null) store.setWatched(region.cell, visibleHour(region, rules, nowMs));
}

async function watchersByCell(
  db: D1Database,
  hooks: readonly Hook[],
): Promise<ReadonlyMap<string, readonly ThresholdHook[]>> {
  const thresholds = hooks.flatMap((hook) => (hook.topic.kind === 'threshold' ? [{ hook, topic: hook.topic }] : []));
  const named = thresholds.flatMap(({ topic: { scope } }) => (scope.kind === 'devices' ? scope.devices : []));
  const cellOf = await readCells(db, [...new Set(named)]);
  const watchers = new Map<string, ThresholdHook[]>();
  for (const watcher of thresholds) {
    const { scope } = watcher.topic;
    const cells = scope.kind === 'cell' ? [scope.cell] : scope.devices.flatMap((device) => cellOf.get(device) ?? []);
    for (const cell of new Set<string>(cells)) watchers.set(cell, [...(watchers.get(cell) ?? []), watcher]);
  }
  return watchers;
}

/** Closed, and public: a message is no way around the publication delay. */
function visibleHour({ closedThrough }: RegionProgress, { time }: RuleSet, nowMs: number): number {
  return Math.min(closedThrough ?? -1, hourOf(nowMs - time.publicationDelaySeconds * 1000, time) - 1);
}

function noteHour(
  store: NotifierStore,
  watchers: readonly ThresholdHook[],
  region: RegionProgress,
  { hour, cells }: ClosedHour,
  rules: RuleSet,
  nowMs: number,
): void {
  for (const { hook, topic } of watchers) {
    const crossings = crossingsOf(topic, cells, store.beyond(hook.id));
    for (const change of ['raised', 'cleared'] as const) {
      const devices = crossings[change];
      if (devices.length === 0) continue;
      for (const { device } of devices) store.setBeyond(hook.id, device, change === 'raised');
      store.addMessage(thresholdMessage(hook, topic, change, region.cell, hour, devices, rules.time), nowMs);
    }
  }
}
