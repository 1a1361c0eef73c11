/** A device's hour in three batches: plain, compressed, and late in the log of the next epoch; others around it. */
import { DAY0_MS, HOUR_MS, MADRID } from './region-log.ts';
import type { RegionCell } from '../../core/ids.ts';
import { makeProof, type SealedRows, logRows } from './proof-file.ts';
import { signedBatch } from './signed-batch.ts';
import { gzip, type TestDevice } from './signed-post.ts';

const ELSEWHERE = '831f1dfffffffff' as RegionCell;
const SECONDS = DAY0_MS / 1000;
export const EPOCH = 20_605;

type Post = {
  readonly by: TestDevice;
  readonly slot: number;
  readonly nonce: number;
  /** Seconds of the day. */
  readonly sent: number;
  readonly cell?: RegionCell;
};

async function post({ by, slot, nonce, sent, cell = MADRID }: Post, body: string | Uint8Array<ArrayBuffer>) {
  const batch = await signedBatch(by, slot, {
    body,
    cell,
    createdSeconds: SECONDS + sent,
    nonce: nonce.toString(16).padStart(16, '0'),
    headers: typeof body === 'string' ? {} : { 'content-encoding': 'gzip' },
  });
  return { receivedMs: (SECONDS + sent) * 1000 + 1500, body: batch };
}

const pack = (measured: number, temp: number): string =>
  JSON.stringify([
    { bt: SECONDS + measured, n: 'temp', u: 'Cel', v: temp },
    { n: 'rh', u: '%RH', v: 54 },
    { n: 'pm25', u: 'ug/m3', v: 7.5 },
  ]);

const HOUR = { fromMs: DAY0_MS, untilMs: DAY0_MS + HOUR_MS };

export async function threeBatches(device: TestDevice, other: TestDevice, span = HOUR) {
  const of = { device, slot: 0, quantity: 'temp', ...span };
  const sealed: readonly SealedRows[] = [
    {
      cell: MADRID,
      epoch: EPOCH,
      rows: logRows(1, [
        await post({ by: device, slot: 0, nonce: 1, sent: 600 }, pack(300, 21.4)),
        await post({ by: other, slot: 1, nonce: 1, sent: 700 }, pack(300, 19)),
        await post({ by: device, slot: 0, nonce: 2, sent: 1200 }, await gzip(pack(900, 21.65))),
      ]),
    },
    {
      cell: MADRID,
      epoch: EPOCH,
      rows: logRows(4, [await post({ by: other, slot: 1, nonce: 2, sent: 8000 }, pack(7900, 20))]),
    },
    {
      cell: ELSEWHERE,
      epoch: EPOCH,
      rows: logRows(1, [await post({ by: other, slot: 0, nonce: 3, sent: 900, cell: ELSEWHERE }, pack(900, 9))]),
    },
    {
      cell: MADRID,
      epoch: EPOCH + 1,
      rows: logRows(5, [
        // The first of these says again what the log has: it is no part of the proof.
        await post({ by: device, slot: 0, nonce: 3, sent: 90_000 }, pack(300, 21.4)),
        await post({ by: device, slot: 0, nonce: 4, sent: 90_060 }, pack(1500, 22)),
      ]),
    },
  ];
  return makeProof(of, MADRID, sealed);
}
