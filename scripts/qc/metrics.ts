/** What the scorer prints, checked and named. */
import { z } from 'zod';

const rate = z.number().nullable();
const counts = z.object({ faulty: z.number(), precision: rate, recall: rate, f1: rate, fpr: rate });
const answer = z.object({
  device_hour: counts,
  macro_sustained_recall: rate,
  average_precision: rate,
  device_day: z.object({ auc: rate, honest_mean: rate, cheat_mean: rate }).nullable(),
  types: z.record(
    z.string(),
    z.object({
      events: z.number(),
      event_recall: rate,
      sustained_recall: rate,
      device_hour_recall: rate,
      delay_h_median: rate,
    }),
  ),
});

export type Metrics = {
  readonly deviceHour: z.infer<typeof counts>;
  readonly sustained: number | null;
  readonly averagePrecision: number | null;
  readonly day: {
    readonly auc: number | null;
    readonly honestMean: number | null;
    readonly cheatMean: number | null;
  } | null;
  readonly types: readonly {
    readonly type: string;
    readonly events: number;
    /** Share of events with a flag in them. */
    readonly noticed: number | null;
    readonly sustained: number | null;
    readonly recall: number | null;
    readonly delayHours: number | null;
  }[];
};

export function readMetrics(json: string): Metrics {
  const read = answer.parse(JSON.parse(json));
  const day = read.device_day;
  return {
    deviceHour: read.device_hour,
    sustained: read.macro_sustained_recall,
    averagePrecision: read.average_precision,
    day: day === null ? null : { auc: day.auc, honestMean: day.honest_mean, cheatMean: day.cheat_mean },
    types: Object.entries(read.types).map(([type, of]) => ({
      type,
      events: of.events,
      noticed: of.event_recall,
      sustained: of.sustained_recall,
      recall: of.device_hour_recall,
      delayHours: of.delay_h_median,
    })),
  };
}
