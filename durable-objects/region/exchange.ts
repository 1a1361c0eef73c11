/**
 * The exchange of blocks with the regions around. Whoever asks for a block brings its own for the same hour, so each pair
 * calls at most twice an hour and nobody has to ask again: a region that comes later calls when it is there. What is kept
 * here may be lost at any time; then it is asked for once more.
 */
import { drizzle } from 'drizzle-orm/d1';
import { parseBlock, type Block } from '../../core/region/block.ts';
import { isWorthWaiting, nextHour, type NoBlock } from '../../core/region/due.ts';
import type { CharterBody } from '../../core/region/entry.ts';
import { isWithinReach } from '../../core/region/reach.ts';
import type { RegionState } from '../../core/region/state.ts';
import { parseRegionCell, type RegionCell } from '../../core/ids.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { regions } from '../../schema/d1/regions.ts';
import { logLine } from '../log.ts';
import { regionStub } from '../stub.ts';
import type { BlockAnswer, BlockOffer } from './api.ts';
import type { Region } from './region.ts';

export type ExchangeBindings = { readonly DB: D1Database; readonly REGION: DurableObjectNamespace<Region> };

/** What came of an hour so far. */
export type Gathered = {
  readonly blocks: readonly { readonly cell: RegionCell; readonly block: Block | null }[];
  readonly isComplete: boolean;
};

/** A region that takes longer to answer is heard when it calls by itself, or at the deadline. */
const ANSWER_MS = 2000;
/** A neighbor is never farther ahead, unless it has gone on without us. */
const KEPT_HOURS = 2;

export class Exchange {
  readonly #bindings: ExchangeBindings;
  /** Blocks of others, by hour and region. */
  readonly #inbox = new Map<string, Block>();
  /** Hours and regions that have our block. */
  readonly #given = new Set<string>();
  #around: { readonly cells: readonly RegionCell[]; readonly untilMs: number } | null = null;

  constructor(bindings: ExchangeBindings) {
    this.#bindings = bindings;
  }

  /** Regions whose devices may be neighbors of ours. Without D1 it throws: no hour could be published either. */
  async around(state: RegionState, nowMs: number, rules: RuleSet): Promise<readonly RegionCell[]> {
    const { charter } = state;
    if (charter === null) return [];
    if (this.#around !== null && nowMs < this.#around.untilMs) return this.#around.cells;
    // D1 may have lost rows that come back with the next publications; whom the log knows is asked in any case.
    const known = state.foreign.flatMap((device) => device?.cell ?? []);
    const cells = [...new Set([...(await listAround(this.#bindings.DB, charter)), ...known])].sort();
    this.#around = { cells, untilMs: nowMs + rules.time.hourSeconds * 1000 };
    return cells;
  }

  /** A block that came by itself. A region that was opened since we looked makes itself known by it. */
  receive({ cell, block }: BlockOffer, state: RegionState): void {
    if (this.#around?.cells.includes(cell) === false) this.#around = null;
    const next = nextHour(state);
    const parsed = block === null ? null : parseBlock(block);
    if (parsed?.ok !== true || parsed.value.cell !== cell || state.firstHour === null) return;
    if (parsed.value.hour >= next && parsed.value.hour <= next + KEPT_HOURS)
      this.#inbox.set(keyOf(parsed.value.hour, cell), parsed.value);
  }

  gave(hour: number, cell: RegionCell): void {
    this.#given.add(keyOf(hour, cell));
  }

  forgetBefore(hour: number): void {
    for (const kept of [this.#inbox, this.#given])
      for (const key of kept.keys()) if (Number.parseInt(key, 10) < hour) kept.delete(key);
  }

  /** Asks whoever has not told its block of the hour, or has not got ours. */
  async gather(
    state: RegionState,
    hour: number,
    own: Uint8Array | null,
    nowMs: number,
    rules: RuleSet,
  ): Promise<Gathered> {
    const cells = await this.around(state, nowMs, rules);
    const from = state.charter?.cell;
    if (from === undefined) return { blocks: [], isComplete: true };
    const missing = new Map<RegionCell, NoBlock>();
    await Promise.all(
      cells.map(async (cell) => {
        const key = keyOf(hour, cell);
        if (this.#inbox.has(key) && this.#given.has(key)) return;
        const answer = await this.#ask(cell, hour, { cell: from, block: own });
        if (answer !== null) missing.set(cell, answer);
      }),
    );
    const blocks = cells.map((cell) => ({ cell, block: this.#inbox.get(keyOf(hour, cell)) ?? null }));
    const isComplete = blocks.every(({ cell, block }) => {
      return block !== null || !isWorthWaiting(state, missing.get(cell) ?? 'never', nowMs, rules);
    });
    return { blocks, isComplete };
  }

  /** Null: its block is here. */
  async #ask(cell: RegionCell, hour: number, offer: BlockOffer): Promise<NoBlock | null> {
    const asked = this.#call(cell, hour, offer);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<NoBlock>((resolve) => {
      timer = setTimeout(() => resolve('not-yet'), ANSWER_MS);
    });
    const answer = await Promise.race([asked, late]);
    clearTimeout(timer);
    return answer;
  }

  async #call(cell: RegionCell, hour: number, offer: BlockOffer): Promise<NoBlock | null> {
    let answer: BlockAnswer;
    try {
      answer = await regionStub(this.#bindings.REGION, cell).exchange(hour, offer);
    } catch (cause) {
      // Whatever broke there, this hour goes on without it.
      logLine({ code: 'exchange-failed', region: offer.cell, asked: cell, hour, message: String(cause) });
      return 'never';
    }
    this.gave(hour, cell);
    if (answer.status !== 'block') return answer.status;
    const block = parseBlock(answer.block);
    if (block.ok && block.value.cell === cell && block.value.hour === hour) {
      this.#inbox.set(keyOf(hour, cell), block.value);
      return null;
    }
    const detail = block.ok ? 'of another region or hour' : block.error.detail;
    logLine({ code: 'bad-block', region: offer.cell, asked: cell, hour, message: detail });
    return 'never';
  }
}

function keyOf(hour: number, cell: RegionCell): string {
  return `${hour}/${cell}`;
}

async function listAround(db: D1Database, own: CharterBody): Promise<readonly RegionCell[]> {
  const rows = await drizzle(db).select({ cell: regions.cell, boundary: regions.boundary }).from(regions);
  return rows
    .filter(({ cell, boundary }) => cell !== own.cell && isWithinReach(own.boundary, boundary))
    .flatMap(({ cell }) => {
      const parsed = parseRegionCell(cell);
      return parsed.ok ? [parsed.value] : [];
    });
}
