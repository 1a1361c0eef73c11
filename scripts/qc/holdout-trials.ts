/** Settings of thresholds with their figures by part: one replay and one judgement for each, however many parts ask. */
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { run } from '../lib/run.ts';
import { Refusal } from '../lib/say.ts';
import { SETS, type PartName, type SetName } from './holdout-design.ts';
import type { Setting } from './holdout-search.ts';
import { readMetrics } from './metrics.ts';
import { writeParts, type Part } from './parts.ts';

const FIGURES = z.object({ f1: z.number(), fpr: z.number(), sustained: z.number(), auc: z.number() });
export type Figures = Readonly<z.infer<typeof FIGURES>>;
const LINE = z.object({ key: z.string(), figures: z.array(z.tuple([z.string(), FIGURES])) });

/** In the order in which `writeParts` gives the halves. */
const PARTS: readonly PartName[] = ['all', 'odd', 'even', 'before', 'after'];

type Options = {
  readonly data: string;
  readonly scorer: string;
  readonly work: string;
  /** Null: nothing is kept between runs. */
  readonly log: string | null;
};

export class HoldoutTrials {
  readonly #options: Options;
  readonly #parts: ReadonlyMap<SetName, readonly Part[]>;
  readonly #known = new Map<string, ReadonlyMap<string, Figures>>();

  private constructor(options: Options, parts: ReadonlyMap<SetName, readonly Part[]>) {
    this.#options = options;
    this.#parts = parts;
  }

  static async open(options: Options): Promise<HoldoutTrials> {
    const parts = new Map<SetName, readonly Part[]>();
    for (const set of Object.keys(SETS) as SetName[]) {
      const folder = join(options.data, set);
      const whole = {
        name: 'all',
        readings: join(folder, 'readings.csv.gz'),
        labels: join(folder, 'labels.csv'),
        options: [],
      };
      const halves = join(options.work, set);
      await mkdir(halves);
      parts.set(set, [whole, ...(await writeParts(folder, [], halves))]);
    }
    const trials = new HoldoutTrials(options, parts);
    if (options.log !== null && existsSync(options.log)) {
      for (const line of (await readFile(options.log, 'utf8')).trimEnd().split('\n')) {
        const { key, figures } = LINE.parse(JSON.parse(line));
        trials.#known.set(key, new Map(figures));
      }
    }
    return trials;
  }

  /** An empty setting is the network's own. */
  async figuresOf(set: SetName, setting: Setting): Promise<ReadonlyMap<string, Figures>> {
    const changes = Object.entries(setting)
      .map(([name, value]) => `${name}=${value}`)
      .toSorted();
    const key = [set, ...changes].join(' ');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const figures = await this.#measure(set, changes);
    this.#known.set(key, figures);
    if (this.#options.log !== null)
      await appendFile(this.#options.log, `${JSON.stringify({ key, figures: [...figures] })}\n`);
    return figures;
  }

  async #measure(set: SetName, changes: readonly string[]): Promise<ReadonlyMap<string, Figures>> {
    const { data, work } = this.#options;
    const [flags, scores] = [join(work, `${set}.flags.csv`), join(work, `${set}.scores.csv`)];
    const [readings, stations] = [join(data, set, 'readings.csv.gz'), join(data, set, 'stations.csv')];
    await expectZero(['node', 'scripts/qc/holdout-fold.ts', readings, stations, flags, scores, ...changes]);
    const figures = new Map<string, Figures>();
    for (const [at, part] of (this.#parts.get(set) ?? []).entries())
      figures.set(PARTS[at] ?? part.name, await this.#judge(part, flags, scores));
    return figures;
  }

  async #judge({ readings, labels, options }: Part, flags: string, scores: string): Promise<Figures> {
    const files = ['--readings', readings, '--labels', labels, '--flags', flags, '--scores', scores];
    const output = await expectZero(['python3', this.#options.scorer, ...files, ...options]);
    const { deviceHour, sustained, day } = readMetrics(output);
    return { f1: deviceHour.f1 ?? 0, fpr: deviceHour.fpr ?? 0, sustained: sustained ?? 0, auc: day?.auc ?? 0 };
  }
}

async function expectZero(command: readonly [string, ...string[]]): Promise<string> {
  const { exitCode, output } = await run(command);
  if (exitCode !== 0) throw new Refusal(`${command.join(' ')} failed: ${output.trim().split('\n').at(-1) ?? ''}`);
  return output;
}
