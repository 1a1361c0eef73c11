/** A day of regions with signed evidence: one batch a device, of a reading an hour; devices some kilometers apart. */
import type { OwnerAddress, PlaceCell, RegionCell } from '../../core/ids.ts';
import { encodeEntryBody } from '../../core/region/codec.ts';
import { sealSegment, type SealedSegment } from '../../core/region/segment.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { DAY0_MS, HOUR_MS, memberOf, TestLog } from '../../test/support/region-log.ts';
import { newDevice } from '../../test/support/signed-post.ts';
import { signedBatch } from '../../test/support/signed-batch.ts';
import { cellOf, DEVICES_PER_REGION } from './seed.ts';

export type RegionEvidence = {
  readonly cell: RegionCell;
  readonly segments: readonly (SealedSegment & {
    readonly fromSeq: number;
    readonly toSeq: number;
    readonly hour: number;
  })[];
};

const HOURS = 24;
const FIRST_HOUR = DAY0_MS / HOUR_MS;
const LAST_MS = DAY0_MS + HOURS * HOUR_MS - 60_000;

/** The day that the evidence is of. */
export const EVIDENCE_EPOCH = FIRST_HOUR / HOURS;

export async function makeRegion(region: number): Promise<RegionEvidence> {
  const cell = cellOf(region) as RegionCell;
  const log = new TestLog(0, MAIN_RULES, DAY0_MS, cell);
  const devices = [];
  for (let slot = 0; slot < DEVICES_PER_REGION; slot++) {
    const device = await newDevice('ed25519');
    devices.push(device);
    const place = { latitudeE5: 4_042_000 + (slot % 32) * 3000, longitudeE5: Math.floor(slot / 32) * 4000 };
    const owner = `0x${String(region * DEVICES_PER_REGION + slot + 1).padStart(40, '0')}` as OwnerAddress;
    const density = `87${String(slot).padStart(7, '0')}ffffff` as PlaceCell;
    log.add(memberOf(slot, { ...place, owner, density, device: device.did }), DAY0_MS);
  }
  for (const [slot, device] of devices.entries()) {
    const records = Array.from({ length: HOURS }, (_, hour) => {
      const own = ((hour * 7 + slot * 13) % 17) / 20;
      return { n: 'temp', u: 'Cel', t: (DAY0_MS + hour * HOUR_MS + 1_800_000) / 1000, v: 12 + (hour % 12) / 2 + own };
    });
    const createdSeconds = LAST_MS / 1000;
    log.add(
      await signedBatch(device, slot, {
        cell,
        createdSeconds,
        nonce: '0000000000000001',
        body: JSON.stringify(records),
      }),
      LAST_MS,
    );
  }
  log.close(FIRST_HOUR + HOURS - 1, DAY0_MS + HOURS * HOUR_MS + MAIN_RULES.time.graceSeconds * 1000);
  const rows = log.entries.map(({ seq, receivedMs, ...body }) => ({
    seq,
    receivedMs,
    kind: body.kind,
    body: encodeEntryBody(body),
  }));
  const segments = log.outputs.seals.map(({ fromSeq, toSeq, hour }) => ({
    ...sealSegment(cell, rows.slice(fromSeq - 1, toSeq)),
    fromSeq,
    toSeq,
    hour,
  }));
  return { cell, segments };
}
