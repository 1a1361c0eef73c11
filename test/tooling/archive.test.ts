import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { loadSlices, SENT_UNITS } from '../../sensors/simulator/slice.ts';
import { HONEST, valuesAt } from '../../sensors/simulator/behaviour.ts';
import { writePack } from '../../sensors/client/senml.ts';
import { newDevice } from '../support/signed-post.ts';
import { signedBatch } from '../support/signed-batch.ts';
import { DAY0_MS, HOUR_MS, MADRID } from '../support/region-log.ts';
import { encodeEntryBody, type LogRow } from '../../core/region/codec.ts';
import { openSegment, sealSegment } from '../../core/region/segment.ts';

const BATCHES = 24;
const READINGS = 60;

/** Batches of sixty readings of a real station, each signed and taken as the edge takes it. */
async function realRows(): Promise<{ readonly rows: LogRow[]; readonly packedBytes: number }> {
  const slices = await loadSlices();
  const device = await newDevice('ed25519');
  const measured = Array.from({ length: 28 * 24 }, (_, hour) =>
    valuesAt(slices, '28079008', HONEST, 'segment', hour).map(({ quantity, value }) => ({
      quantity,
      value,
      unit: SENT_UNITS[quantity] ?? '',
      measuredMs: DAY0_MS + hour * HOUR_MS,
    })),
  ).flat();
  const rows: LogRow[] = [];
  let packedBytes = 0;
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const readings = measured.slice(batch * READINGS, (batch + 1) * READINGS);
    const createdSeconds = (readings.at(-1)?.measuredMs ?? 0) / 1000 + 5;
    const nonce = (batch + 1).toString(16).padStart(16, '0');
    const body = await signedBatch(device, 0, { createdSeconds, nonce, body: writePack(device.did, readings) });
    packedBytes += body.readings.length;
    rows.push({ seq: batch + 1, receivedMs: createdSeconds * 1000, kind: 'batch', body: encodeEntryBody(body) });
  }
  return { rows, packedBytes };
}

test('real batches of sixty cost at most 4 bytes a reading packed, and 12 more with all their evidence in the archive', async () => {
  const { rows, packedBytes } = await realRows();
  const readings = BATCHES * READINGS;
  expect(packedBytes / readings).toBeLessThanOrEqual(4);
  expect(gzipSync(sealSegment(MADRID, rows).bytes).length / readings).toBeLessThanOrEqual(16);
});

test('a sealed segment opens to its rows, is named the same each time, and is refused when a byte differs', async () => {
  const { rows } = await realRows();
  const sealed = sealSegment(MADRID, rows);
  expect(sealSegment(MADRID, rows).key).toBe(sealed.key);
  expect(openSegment(sealed.key, sealed.bytes)).toEqual({ ok: true, value: { cell: MADRID, rows } });
  const altered = sealed.bytes.slice();
  altered[altered.length >> 1] = (altered[altered.length >> 1] ?? 0) ^ 1;
  expect(openSegment(sealed.key, altered)).toMatchObject({ ok: false, error: { reason: 'bad-segment' } });
});
