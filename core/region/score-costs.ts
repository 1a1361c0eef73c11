/** Where a day's basis points went: each cause with what it cost, adding up to the last point. */

/** Code of a test, or `missing`, `maintenance`, `memory`, `unverified`, `rounding`. */
export type Cost = readonly [code: string, bps: number];

/** Splits a loss over its causes by their weights, in whole points: largest remainders first, then by code. */
export function splitLoss(loss: number, weights: ReadonlyMap<string, number>): Cost[] {
  const causes = [...weights].filter(([, weight]) => weight > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  const all = causes.reduce((sum, [, weight]) => sum + weight, 0);
  if (loss === 0) return [];
  if (all === 0) return [['rounding', loss]];
  const shares = causes.map(([code, weight]) => {
    const exact = (loss * weight) / all;
    return { code, bps: Math.floor(exact), rest: exact - Math.floor(exact) };
  });
  let left = loss - shares.reduce((sum, { bps }) => sum + bps, 0);
  for (const share of [...shares].sort((a, b) => b.rest - a.rest || (a.code < b.code ? -1 : 1))) {
    if (left === 0) break;
    share.bps += 1;
    left -= 1;
  }
  return shares.map(({ code, bps }) => [code, bps] as const);
}

/** Costs of the same cause from several parts of the score, together; by code. */
export function addCosts(parts: readonly (readonly Cost[])[]): Cost[] {
  const sums = new Map<string, number>();
  for (const [code, bps] of parts.flat()) sums.set(code, (sums.get(code) ?? 0) + bps);
  return [...sums].filter(([, bps]) => bps > 0).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Adds `weight` to the causes of one cell, in equal parts. */
export function blame(weights: Map<string, number>, codes: readonly string[], weight: number): void {
  for (const code of codes) weights.set(code, (weights.get(code) ?? 0) + weight / codes.length);
}
