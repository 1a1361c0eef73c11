/** Rows a region object is billed for, in an ordinary hour of a busy and of a quiet region. */
import type { Row } from '../row.ts';
import { startBenchWorker } from '../worker.ts';

const BUSY = 200;
const QUIET = 3;

export const rowsWrittenRow: Row = {
  name: 'rows written',
  async measure() {
    const worker = await startBenchWorker('rows.ts', { ROWS: 'CountingRegion' });
    try {
      const hourOf = async (devices: number) => {
        const reply = await fetch(new URL(`?devices=${devices}`, worker.url));
        if (!reply.ok) throw new Error(await reply.text());
        return await reply.json<{ readonly rows: number; readonly batches: number }>();
      };
      const busy = await hourOf(BUSY);
      const quiet = await hourOf(QUIET);
      return [
        {
          name: `rows a batch, ${BUSY} batches an hour`,
          value: busy.rows / busy.batches,
          unit: 'rows/batch',
          budget: { atMost: 1.05 },
        },
        {
          name: `rows beside the batches, ${QUIET} an hour`,
          value: quiet.rows - quiet.batches,
          unit: 'rows/hour',
          budget: { atMost: 10 },
        },
      ];
    } finally {
      await worker.stop();
    }
  },
};
