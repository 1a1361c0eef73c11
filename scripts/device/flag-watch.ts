/** Gathers the network's public flags of a fleet while it runs: a region shows its newest only. */
import type { TimeRules } from '../../core/rules/rule-set.ts';
import { hourOf } from '../../core/time.ts';
import type { RegionAnswer } from '../../schema/api/public.ts';
import type { Flagged } from '../../sensors/simulator/labels.ts';
import type { DemoDevice } from '../register-demo.ts';
import { readPublic } from './network-rules.ts';

type Seen = { readonly station: string; readonly startMs: number; endMs: number | null };

export class FlagWatch {
  readonly #api: string;
  readonly #cells: readonly string[];
  readonly #stations: ReadonlyMap<string, string>;
  readonly #rules: TimeRules;
  readonly #seen = new Map<string, Seen>();
  #closedUntilMs = 0;

  constructor(api: string, devices: readonly DemoDevice[], rules: TimeRules) {
    this.#api = api;
    this.#cells = [...new Set(devices.map(({ region }) => region))];
    this.#stations = new Map(devices.map(({ did, station }) => [did, station]));
    this.#rules = rules;
  }

  /** Hours of the rule set before this one are judged and shown in every region. */
  get closedUntilHour(): number {
    return hourOf(this.#closedUntilMs, this.#rules);
  }

  async look(): Promise<void> {
    let closedUntilMs = Number.POSITIVE_INFINITY;
    for (const cell of this.#cells) {
      const { flags, closedUntil } = await readPublic<RegionAnswer>(this.#api, `/v1/regions/${cell}`);
      closedUntilMs = Math.min(closedUntilMs, closedUntil === null ? 0 : Date.parse(closedUntil));
      for (const { device, quantity, test, start, end } of flags) {
        const station = this.#stations.get(device);
        if (station === undefined) continue;
        const endMs = end === null ? null : Date.parse(end);
        this.#seen.set(`${device} ${quantity} ${test} ${start}`, { station, startMs: Date.parse(start), endMs });
      }
    }
    if (Number.isFinite(closedUntilMs)) this.#closedUntilMs = closedUntilMs;
  }

  /** Hours counted from `firstHour`. A flag without an end goes on. */
  flagged(firstHour: number): readonly Flagged[] {
    return [...this.#seen.values()].map(({ station, startMs, endMs }) => ({
      station,
      fromHour: hourOf(startMs, this.#rules) - firstHour,
      untilHour: (endMs === null ? this.closedUntilHour : hourOf(endMs, this.#rules)) - firstHour,
    }));
  }
}
