/** What regions keep and exchange, and what strangers check: log entries, segments, blocks, states, proofs, events of the chain. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { encode } from 'cborg';
import { checkProof } from '../../../core/proof/check.ts';
import { readCommitEvents } from '../../../core/proof/chain-event.ts';
import type { Fault } from '../../../core/proof/fault.ts';
import { encodeProof, parseProof, type PostFields } from '../../../core/proof/format.ts';
import { readPost } from '../../../core/proof/post.ts';
import { unpackOutlook } from '../../../core/qc/outlook.ts';
import { parseBlock } from '../../../core/region/block.ts';
import { decodeEntry, encodeEntryBody, type LogRow } from '../../../core/region/codec.ts';
import type { EntryBody, EntryKind, LogEntry } from '../../../core/region/entry.ts';
import { openSegment, sealSegment, segmentRoot } from '../../../core/region/segment.ts';
import { decodeState, emptyState, encodeState } from '../../../core/region/state.ts';
import { checkBatchTools } from '../../../scripts/verify/tools.ts';
import { DAY0_MS, HOUR_MS, MADRID, reading, TestLog } from '../../support/region-log.ts';
import {
  bytesOf,
  hasByteOrderMark,
  jsonBytes,
  labelOf,
  must,
  mustBeSame,
  parsedJson,
  parsedObject,
  type Target,
} from '../target.ts';
import { ED25519, P256 } from './examples.ts';

/** Segments and proofs may be larger; what takes the square of its length shows here as well. */
const MOST_BYTES = 128 * 1024;
const VECTORS = join(import.meta.dirname, '../../vectors');

/** Four hours of three stations: every kind of entry but two, which follow. */
function smallLog(): TestLog {
  const log = new TestLog(3);
  for (let hour = 0; hour < 4; hour++) {
    const atMs = DAY0_MS + hour * HOUR_MS;
    for (let slot = 0; slot < 3; slot++)
      log.post(slot, atMs + 1_800_000 + slot, [
        reading('temp', atMs + 1_700_000, 12 + slot),
        reading('pm25', atMs + 1_700_000, 8),
      ]);
    log.close(DAY0_MS / HOUR_MS + hour, atMs + HOUR_MS + 300_000);
  }
  return log;
}

const LOG = smallLog();
const bodyOf = ({ seq: _seq, receivedMs: _receivedMs, ...body }: LogEntry): EntryBody => body;
const MORE: readonly EntryBody[] = [
  { kind: 'maintenance', device: ED25519, fromMs: DAY0_MS, untilMs: DAY0_MS + HOUR_MS },
  { kind: 'inherit', device: P256, from: ED25519, reputation: null },
];
const ROWS: readonly LogRow[] = [...LOG.entries.map(bodyOf), ...MORE].map((body, at) => ({
  seq: at + 1,
  receivedMs: DAY0_MS + at,
  kind: body.kind,
  body: encodeEntryBody(body),
}));
const KINDS: readonly EntryKind[] = [...new Set(ROWS.map(({ kind }) => kind))];

const entries: Target = {
  name: 'log-entry',
  form: 'cbor',
  mostBytes: MOST_BYTES,
  seeds: KINDS.flatMap((kind) => ROWS.find((row) => row.kind === kind)?.body ?? []),
  run(input) {
    const kind = KINDS[input.length % KINDS.length] ?? 'batch';
    const entry = decodeEntry({ seq: 7, receivedMs: 9, kind, body: input });
    if (!entry.ok) return entry.error.detail.replace(/\d+.*/, '');
    must(
      entry.value.seq === 7 && entry.value.receivedMs === 9 && entry.value.kind === kind,
      'the body names its own row',
    );
    if (hasByteOrderMark(input)) return 'ok, byte order mark';
    const written = encodeEntryBody(bodyOf(entry.value));
    const again = decodeEntry({ seq: 7, receivedMs: 9, kind, body: written });
    must(again.ok, 'what was decoded does not decode again');
    if (again.ok) mustBeSame(encodeEntryBody(bodyOf(again.value)), written, 'decoded twice differs');
    return 'ok';
  },
};

const segments: Target = {
  name: 'segment',
  share: 0.15,
  form: 'cbor',
  mostBytes: MOST_BYTES,
  seeds: [sealSegment(MADRID, ROWS).bytes, sealSegment(MADRID, ROWS.slice(0, 1)).bytes, sealSegment(MADRID, []).bytes],
  run(input) {
    // A stranger may serve anything under the name that belongs to it.
    const segment = openSegment(`evidence/x/1-2-${bytesToHex(sha256(input))}.cbor.gz`, input);
    if (!segment.ok) return segment.error.detail.replace(/\d+.*/, '');
    const { cell, rows } = segment.value;
    must(segmentRoot(rows).length === 64, 'no root');
    if (hasByteOrderMark(input)) return 'ok, byte order mark';
    const sealed = sealSegment(cell, rows);
    const again = openSegment(sealed.key, sealed.bytes);
    must(again.ok, `what was opened is not opened again: ${sealed.key}`);
    if (again.ok)
      mustBeSame(sealSegment(again.value.cell, again.value.rows).bytes, sealed.bytes, 'sealed twice differs');
    return 'ok';
  },
};

/** Of core/region/block.ts: another one is refused before anything is read. */
const BLOCK_VERSION = 2;

function seedBlocks(): readonly Uint8Array[] {
  const outlook = [0, 1, 100_000, 5, -3, 2, 1, 0, 4, 2, 9, 100];
  const device = [ED25519, 4_042_000, -370_000, 650, [outlook, [4, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, null]]];
  return [
    encode([BLOCK_VERSION, MADRID, 500_000, [device, [P256, 0, 0, null, []]]]),
    encode([BLOCK_VERSION, MADRID, 0, []]),
  ];
}

const blocks: Target = {
  name: 'block',
  form: 'cbor',
  mostBytes: MOST_BYTES,
  seeds: seedBlocks(),
  run(input) {
    const block = parseBlock(input);
    if (!block.ok) return block.error.detail.replace(/\d+.*/, '');
    for (const [, , , elevationM, series] of block.value.devices)
      for (const packed of series)
        must(Number.isFinite(unpackOutlook(packed, elevationM).scaled), 'an outlook without a value');
    const again = parseBlock(encode([BLOCK_VERSION, block.value.cell, block.value.hour, block.value.devices]));
    must(again.ok, 'what was read is not read again');
    return 'ok';
  },
};

const states: Target = {
  name: 'region-state',
  form: 'json',
  mostBytes: MOST_BYTES,
  share: 0.3,
  seeds: [encodeState({ ...LOG.state, devices: [] }), encodeState(emptyState())],
  run(input) {
    try {
      const written = encodeState(decodeState(input));
      mustBeSame(encodeState(decodeState(written)), written, 'read, written, read and written differ');
      return 'ok';
    } catch (error) {
      // Only for bytes of our own: a broken disk gives a SyntaxError, and what nests too deeply is not written back.
      if (error instanceof SyntaxError) return 'no-json';
      if (error instanceof RangeError) return 'too-deep';
      throw error;
    }
  },
};

const PROOF = readFileSync(join(VECTORS, 'proof-1.json'));

const proofs: Target = {
  name: 'proof-file',
  share: 0.15,
  form: 'json',
  mostBytes: MOST_BYTES,
  seeds: [Uint8Array.from(PROOF)],
  words: ['"toString":1,', '"constructor":{},', '"__proto__":[],'],
  run(input) {
    const proof = parseProof(input);
    if (!proof.ok && !proof.error.at.startsWith('character')) return placeOf(proof.error);
    // Whoever forges writes canonically.
    const given = proof.ok ? proof.value : parsedJson(input);
    const written = bytesOf(canonical(given));
    const again = parseProof(written);
    if (proof.ok) must(again.ok, 'what was read is not read again');
    if (!again.ok) return placeOf(again.error);
    must(Object.keys(again.value).length === 5, `a proof of ${Object.keys(again.value).join(', ')}`);
    must(Object.keys(again.value.claim).length === 4, `a claim of ${Object.keys(again.value.claim).join(', ')}`);
    return 'ok';
  },
};

const placeOf = ({ reason, at }: Fault): string => `${reason} ${at.slice(0, 12).replaceAll(/\d+/g, '')}`;

/** Sorted as core/canonical-json.ts sorts, without its recursion's limits mattering here. */
function canonical(value: unknown): string {
  try {
    return encodeProof(value as Parameters<typeof encodeProof>[0]);
  } catch {
    return '';
  }
}

const TOOLS = checkBatchTools();

const proofChecks: Target = {
  name: 'proof-check',
  form: 'json',
  mostBytes: MOST_BYTES,
  share: 0.05,
  seeds: [Uint8Array.from(PROOF)],
  async run(input) {
    const given = parsedJson(input);
    const bytes = given === undefined ? input : bytesOf(canonical(given));
    const checked = await checkProof(bytes, null, TOOLS);
    return checked.fault === null ? 'ok' : placeOf(checked.fault);
  },
};

const firstPost = (JSON.parse(PROOF.toString('utf8')) as { readonly batches: readonly { readonly post: PostFields }[] })
  .batches[0]?.post;

const posts: Target = {
  name: 'proof-post',
  form: 'json',
  mostBytes: MOST_BYTES,
  seeds: [jsonBytes(firstPost)],
  run(input) {
    const given = parsedObject(input);
    if (given === null || firstPost === undefined) return 'no-json';
    // Every field is text of the right shape by then (core/proof/format.ts).
    const post: Record<string, unknown> = { ...firstPost };
    for (const name of Object.keys(firstPost)) if (typeof given[name] === 'string') post[name] = given[name];
    post['contentEncoding'] = given['contentEncoding'] === 'gzip' ? 'gzip' : null;
    if (!isBase64(post['body'])) return 'no-base64';
    const read = readPost(post as PostFields, 'batches[0].post');
    return read.ok ? 'ok' : read.error.at;
  },
};

const isBase64 = (text: unknown): boolean =>
  typeof text === 'string' && Buffer.from(text, 'base64').toString('base64') === text;

const commitEvents: Target = {
  name: 'commit-events',
  form: 'json',
  mostBytes: MOST_BYTES,
  seeds: [readFileSync(join(VECTORS, 'proof-1.event.json'))].flatMap((text) => {
    const given: unknown = JSON.parse(text.toString('utf8'));
    return [jsonBytes(given), jsonBytes({ result: [given] }), jsonBytes({ logs: [given] })];
  }),
  run(input) {
    const events = readCommitEvents(parsedJson(input));
    if (events.ok)
      for (const { epoch, dataRoot } of events.value)
        must(epoch >= 0 && /^[0-9a-f]{64}$/.test(dataRoot), `epoch ${epoch}, root ${dataRoot}`);
    return labelOf(events);
  },
};

export const REGION_TARGETS: readonly Target[] = [
  entries,
  segments,
  blocks,
  states,
  proofs,
  proofChecks,
  posts,
  commitEvents,
];
