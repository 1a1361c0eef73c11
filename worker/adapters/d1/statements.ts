/** Day rows of an owner's devices, as far as a statement needs them. */
import type { DayScore } from '../../../core/reward/statement.ts';
import type { ScoreParts } from '../../../schema/d1/device-days.ts';

const SCORES_OF = `
  SELECT device, cell, epoch, score_bps AS scoreBps, parts FROM device_day
  WHERE device IN (SELECT value FROM json_each(?1)) AND epoch IN (SELECT value FROM json_each(?2)) AND series <> '[]'`;

type Row = Omit<DayScore, 'costs'> & { readonly parts: string };

export async function readDayScores(
  db: D1Database,
  devices: readonly string[],
  epochs: readonly number[],
): Promise<readonly DayScore[]> {
  const { results } = await db.prepare(SCORES_OF).bind(JSON.stringify(devices), JSON.stringify(epochs)).all<Row>();
  return results.map(({ parts, ...row }) => ({ ...row, costs: (JSON.parse(parts) as ScoreParts).costs }));
}
