/**
 * One batch of the log against its own evidence: the device signed this body, for this region, with this nonce, about
 * that time, and the logged readings are the ones in the body. Nothing that the network says of a batch is believed.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { DeviceId, RegionCell } from '../ids.ts';
import { bodyText } from '../ingest/body-text.ts';
import { CLOCK_SKEW_SECONDS, MAX_INFLATED_BYTES, MAX_SIGNATURE_AGE_SECONDS } from '../ingest/limits.ts';
import { ingestPath } from '../ingest/tag.ts';
import { packReadings, unpackReadings } from '../reading/pack.ts';
import { quantityByIndex } from '../reading/quantity.ts';
import type { Reading } from '../reading/reading.ts';
import type { BatchBody } from '../region/entry.ts';
import { ok, type Result } from '../result.ts';
import { parseCborReadings, parseReadings } from '../senml/parse-readings.ts';
import { decodeEvidence, type Evidence } from '../signature/evidence.ts';
import { contentDigestOf, evidenceBase, type SignatureVerifier } from '../signature/verify.ts';
import { rfc3339, toldTime } from '../time.ts';
import { differs, type Difference, type Place } from './difference.ts';

export type LoggedBatch = BatchBody & { readonly seq: number; readonly receivedMs: number };

export type BatchTools = {
  readonly verifier: SignatureVerifier;
  /** Null: not gzip, or more than the limit. */
  readonly gunzip: (bytes: Uint8Array, limitBytes: number) => Promise<Uint8Array | null>;
};

/** A batch is logged after the edge has checked its clock; retries and another machine's clock lie in between. */
const LOG_SLACK_SECONDS = 60;

/** @return how many readings were signed */
export async function checkBatch(
  batch: LoggedBatch,
  device: DeviceId,
  cell: RegionCell,
  tools: BatchTools,
): Promise<Result<number, Difference>> {
  const at: Place = { region: cell, seq: batch.seq, device };
  const evidence = decodeEvidence(batch.evidence);
  if (!evidence.ok) return differs('evidence', at, evidence.error.detail, 'evidence of this form');
  const claims = checkClaims(batch, evidence.value, cell, at);
  if (!claims.ok) return claims;
  const base = evidenceBase(evidence.value, device);
  if (!base.ok) return differs('evidence', at, base.error.detail, 'parts that agree');
  const holds = await tools.verifier.verify(device, base.value, evidence.value.signature);
  if (!holds.ok || !holds.value) return differs('signature', at, 'accepted', 'the signature does not hold');
  const signed = await signedReadings(evidence.value, device, at, tools);
  if (!signed.ok) return signed;
  const difference = compareReadings(batch.readings, signed.value, at);
  return difference ?? ok(signed.value.length);
}

function checkClaims(batch: LoggedBatch, evidence: Evidence, cell: RegionCell, at: Place): Result<void, Difference> {
  const digest = bytesToHex(contentDigestOf(evidence));
  if (bytesToHex(batch.digest) !== digest) return differs('digest', at, bytesToHex(batch.digest), digest);
  if (batch.nonce !== evidence.nonce) return differs('nonce', at, batch.nonce, evidence.nonce);
  const [logged, named] = [hexOrNone(batch.previous), hexOrNone(evidence.previous)];
  if (logged !== named) return differs('previous', at, logged, named);
  // The tag at the end is keyed with a secret of the edge; the region before it is what matters here.
  const prefix = ingestPath(cell, '');
  if (!evidence.path.startsWith(prefix)) return differs('ingest-path', at, `${prefix}...`, evidence.path);
  const loggedSeconds = batch.receivedMs / 1000;
  const age = loggedSeconds - evidence.createdSeconds;
  const oldest = MAX_SIGNATURE_AGE_SECONDS + CLOCK_SKEW_SECONDS + LOG_SLACK_SECONDS;
  if (age > oldest || age < -(CLOCK_SKEW_SECONDS + LOG_SLACK_SECONDS)) {
    const signedAt = `signed ${toldTime(evidence.createdSeconds * 1000)}`;
    return differs('upload-time', at, `logged ${toldTime(batch.receivedMs)}`, signedAt);
  }
  return ok(undefined);
}

function hexOrNone(digest: Uint8Array | null | undefined): string {
  return digest ? bytesToHex(digest) : 'none';
}

export async function signedReadings(
  evidence: Evidence,
  device: DeviceId,
  at: Place,
  tools: BatchTools,
): Promise<Result<readonly Reading[], Difference>> {
  const { body, contentEncoding, createdSeconds, compact } = evidence;
  if (compact !== null) {
    const read = parseCborReadings(compact.payload, device, createdSeconds * 1000);
    return read.ok ? read : differs('readings', at, 'accepted', `the signed message is ${read.error.reason}`);
  }
  const inflated = contentEncoding === 'gzip' ? await tools.gunzip(body, MAX_INFLATED_BYTES) : body;
  if (inflated === null) return differs('readings', at, 'accepted', 'the signed body is not gzip of the allowed size');
  const text = bodyText(inflated);
  if (text === null) return differs('readings', at, 'accepted', 'the signed body is not UTF-8');
  const readings = parseReadings(text, device, createdSeconds * 1000);
  return readings.ok ? readings : differs('readings', at, 'accepted', `the signed body is ${readings.error.reason}`);
}

/** Null: the same bytes. Else the first reading that differs, in the order of the pack. */
function compareReadings(packed: Uint8Array, signed: readonly Reading[], at: Place) {
  const expected = packReadings(signed);
  if (packed.length === expected.length && packed.every((byte, index) => byte === expected[index])) return null;
  const logged = unpackReadings(packed);
  const sorted = unpackReadings(expected);
  if (!logged.ok || !sorted.ok)
    return differs('readings', at, 'bytes that are no readings', `${signed.length} readings`);
  for (let index = 0; index < Math.max(logged.value.length, sorted.value.length); index += 1) {
    const found = logged.value[index];
    const own = sorted.value[index];
    if (JSON.stringify(found) === JSON.stringify(own)) continue;
    if (found && isBefore(found, own)) return differs('readings', placeOf(found, at), valueOf(found), 'nothing');
    if (own && isBefore(own, found)) return differs('readings', placeOf(own, at), 'nothing', valueOf(own));
    if (found && own) return differs('readings', placeOf(own, at), valueOf(found), valueOf(own));
  }
  return differs('readings', at, 'the same readings in other bytes', 'the packed form');
}

/** Every reading is before the end of the list. */
function isBefore(one: Reading, other: Reading | undefined): boolean {
  if (other === undefined || one.quantity !== other.quantity) return one.quantity < (other?.quantity ?? Infinity);
  return one.measuredMs < other.measuredMs;
}

function placeOf(reading: Reading, at: Place): Place {
  const code = quantityByIndex(reading.quantity)?.code ?? String(reading.quantity);
  return { ...at, field: `${code} at ${rfc3339(reading.measuredMs)}` };
}

function valueOf(reading: Reading): string {
  const quantity = quantityByIndex(reading.quantity);
  return quantity ? `${reading.steps / quantity.stepsPerUnit} ${quantity.unit}` : `${reading.steps} steps`;
}
