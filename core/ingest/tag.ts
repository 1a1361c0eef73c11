/**
 * The ingest address `/v1/regions/{cell}/readings/{tag}`. The tag is a keyed digest over (cell, device), so that the edge
 * refuses strangers and made-up cells with no look-up and without waking a region object. It is no secret of the device
 * and proves nothing by itself: the signature does.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { DeviceId, RegionCell } from '../ids.ts';

/** 64 bits: a guess hits once in 1.8e19, and a hit only wakes one object. */
const TAG_BYTES = 8;

/** 16 lower-case hex digits. `key` is the edge's INGEST_TAG_KEY. */
export function ingestTag(cell: RegionCell, device: DeviceId, key: string): string {
  const mac = hmac(sha256, utf8ToBytes(key), utf8ToBytes(`isobar-ingest-v1|${cell}|${device}`));
  return bytesToHex(mac.subarray(0, TAG_BYTES));
}

export function ingestPath(cell: RegionCell, tag: string): string {
  return `/v1/regions/${cell}/readings/${tag}`;
}

/** The path that a device is given when it is registered. */
export function ingestUrlPath(cell: RegionCell, device: DeviceId, key: string): string {
  return ingestPath(cell, ingestTag(cell, device, key));
}

/** Takes the same time wherever two strings of one length differ. */
export function sameText(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index += 1) difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  return difference === 0;
}
