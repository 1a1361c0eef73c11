/** Tells buyers when data that they bought has turned out false. */
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { hourOf, hourStartMs } from '../../core/time.ts';
import type { JudgedHour } from '../../core/webhook/crossing.ts';
import { falseHours, isTouched, type Purchase } from '../../core/webhook/recall.ts';
import type { Hook } from './api.ts';
import { recallMessage, verdictMessage } from './messages.ts';
import { readCells, readHours, readProgress, readPurchases, readRecalls } from './read.ts';
import type { NotifierStore } from './store.ts';

/** A recall reaches the purchases of this long. */
export const RECALL_REACH_MS = 400 * 86_400_000;
/** Sales come to D1 when their payment is final, which takes up to half an hour on OP; recalls wait for them. */
const SALE_WAIT_MS = 3_600_000;
/** How far back recalls and sales are looked at again: an outage of this length loses no notice. */
const LOOK_BACK_MS = 30 * 86_400_000;

export async function watchSales(store: NotifierStore, db: D1Database, rules: RuleSet, nowMs: number): Promise<void> {
  const hooks = store.activeHooks().filter(({ topic }) => topic.kind === 'recall');
  if (hooks.length === 0) return;
  const recalls = await readRecalls(db, nowMs - LOOK_BACK_MS);
  for (const hook of hooks) {
    const unseen = recalls.filter(({ id }) => !store.isExamined(hook.id, `recall ${id}`));
    const purchases = await readPurchases(db, hook.owner, nowMs - (unseen.length > 0 ? RECALL_REACH_MS : LOOK_BACK_MS));
    store.transaction(() => {
      for (const recall of unseen) {
        for (const purchase of purchases)
          if (isTouched(purchase, recall)) store.addMessage(recallMessage(hook, purchase, recall, nowMs), nowMs);
      }
    });
    await judgeYoungSales(store, db, hook, purchases, rules, nowMs);
  }
  // A sale that comes late is still compared with a recall until then; the message's id keeps it from being told twice.
  store.transaction(() => {
    for (const { id, createdMs } of recalls)
      if (createdMs < nowMs - SALE_WAIT_MS) for (const hook of hooks) store.setExamined(hook.id, `recall ${id}`, nowMs);
  });
}

/** Hours that had no verdict when they were sold, once all of them have one and are public. */
async function judgeYoungSales(
  store: NotifierStore,
  db: D1Database,
  hook: Hook,
  purchases: readonly Purchase[],
  rules: RuleSet,
  nowMs: number,
): Promise<void> {
  const { time } = rules;
  const closeMs = (time.graceSeconds + time.blockWaitSeconds) * 1000;
  const publicHour = hourOf(nowMs - time.publicationDelaySeconds * 1000, time) - 1;
  for (const purchase of purchases) {
    const subject = `sale ${purchase.sale}`;
    if (purchase.soldMs < nowMs - LOOK_BACK_MS || store.isExamined(hook.id, subject)) continue;
    const firstOpen = hourOf(purchase.soldMs - closeMs, time);
    const first = Math.max(firstOpen, hourOf(purchase.fromMs, time));
    const last = Math.min(hourOf(purchase.untilMs - 1, time), hourOf(purchase.soldMs, time));
    if (last > publicHour) continue;
    const cells = await readCells(db, purchase.devices);
    const regions = await readProgress(db, [...new Set(cells.values())]);
    if (regions.some(({ closedThrough }) => (closedThrough ?? -1) < last)) continue;
    const found: (JudgedHour & { readonly startMs: number })[] = [];
    for (const region of regions) {
      for (const { hour, cells: judged } of last < first ? [] : await readHours(db, region, first - 1, last)) {
        const startMs = hourStartMs(hour, time);
        found.push(...falseHours(purchase, judged).map((cell) => ({ ...cell, startMs })));
      }
    }
    store.transaction(() => {
      if (found.length > 0) store.addMessage(verdictMessage(hook, purchase, found, nowMs), nowMs);
      store.setExamined(hook.id, subject, nowMs);
    });
  }
}
