/**
 * A small search for constants on one part of the data: every candidate alone, then those that helped together, the most
 * helpful first, each kept if it still helps. It starts from the reference's values, not from the network's, which were
 * chosen with all of the data in view.
 */
export type Knob = {
  /** `group.name` in core/qc/thresholds.ts. */
  readonly name: string;
  readonly start: number;
  readonly candidates: readonly number[];
};

/** Values by name; a constant that is not named keeps the network's value. */
export type Setting = Readonly<Record<string, number>>;

/** A candidate that helps less alone is not tried beside others: each trial is a replay. */
export const LEAST_GAIN = 0.005;

export type Found = {
  readonly setting: Setting;
  readonly value: number;
  /** By knob: by how much the objective moves over its candidates, all else at the start. */
  readonly reach: ReadonlyMap<string, number>;
};

export function startOf(knobs: readonly Knob[]): Setting {
  return Object.fromEntries(knobs.map(({ name, start }) => [name, start]));
}

export async function search(knobs: readonly Knob[], objective: (setting: Setting) => Promise<number>): Promise<Found> {
  const start = startOf(knobs);
  const before = await objective(start);
  const reach = new Map<string, number>();
  const helpful: { readonly name: string; readonly candidate: number; readonly gain: number }[] = [];
  for (const { name, candidates } of knobs) {
    const gains: { readonly candidate: number; readonly gain: number }[] = [];
    for (const candidate of candidates)
      gains.push({ candidate, gain: (await objective({ ...start, [name]: candidate })) - before });
    const values = [0, ...gains.map(({ gain }) => gain)];
    reach.set(name, Math.max(...values) - Math.min(...values));
    const best = gains.toSorted((a, b) => b.gain - a.gain)[0];
    if (best !== undefined && best.gain >= LEAST_GAIN) helpful.push({ name, ...best });
  }
  let [setting, value] = [start, before];
  for (const { name, candidate } of helpful.toSorted((a, b) => b.gain - a.gain)) {
    const tried = { ...setting, [name]: candidate };
    const found = await objective(tried);
    if (found > value) [setting, value] = [tried, found];
  }
  return { setting, value, reach };
}
