/** What this page has seen since it was opened: hourly values by device and quantity. Nothing is kept on disk. */
import type { RegionAnswer } from '../../schema/api/public.ts';

export type Point = { readonly hourMs: number; readonly value: number; readonly flag: 1 | 2 | 3 | 4 | 9 };

/** Points kept a series: a day of hours and as much again. */
const MAX_POINTS = 48;

export class History {
  readonly #series = new Map<string, Point[]>();

  add(region: RegionAnswer): void {
    for (const station of region.stations) {
      for (const { quantity, value, hour, flag } of station.latest) {
        this.#put(`${station.device} ${quantity}`, { hourMs: Date.parse(hour), value, flag });
      }
    }
  }

  of(device: string, quantity: string): readonly Point[] {
    return this.#series.get(`${device} ${quantity}`) ?? [];
  }

  /** In order of hours; a final verdict replaces the provisional one of the same hour. */
  #put(key: string, point: Point): void {
    const series = this.#series.get(key);
    if (series === undefined) {
      this.#series.set(key, [point]);
      return;
    }
    const kept = series.filter((old) => old.hourMs !== point.hourMs);
    kept.push(point);
    kept.sort((a, b) => a.hourMs - b.hourMs);
    this.#series.set(key, kept.slice(-MAX_POINTS));
  }
}
