/** What a device finds beside its key after years: its queue, what it remembers, lists of devices, links to claim. */
import { resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { canonicalJson } from '../../../core/canonical-json.ts';
import { UsageError } from '../../../scripts/command-line.ts';
import { type ListedDevice, parseClaimList, writeResults } from '../../../scripts/device/claim-list.ts';
import { claimLink } from '../../../scripts/device/open.ts';
import { newState, parseState } from '../../../scripts/device/state.ts';
import { Refusal } from '../../../scripts/lib/say.ts';
import { parseClaim } from '../../../scripts/registry/routes.ts';
import { writeCborPack } from '../../../sensors/client/cose.ts';
import { Queue } from '../../../sensors/client/queue.ts';
import { encodeRecord, NewerQueue, type QueueRecord } from '../../../sensors/client/queue-records.ts';
import { writePack } from '../../../sensors/client/senml.ts';
import { MemoryStorage } from '../../../sensors/client/storage.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { parseClaimLink } from '../../../web/claim/link.ts';
import { bytesOf, jsonBytes, must, type Target, textOf } from '../target.ts';
import { CLAIM_JSON } from './acts.ts';
import { ED25519, NONCE, NOW_MS, P256, PACK, REGION, SAMPLE } from './examples.ts';

const QUEUE_BYTES = 64 * 1024;
const RECORDS: readonly QueueRecord[] = [
  { kind: 'state', nonce: NONCE, sentThrough: 3, previous: '09'.repeat(32), last: 5 },
  { kind: 'readings', first: 6, measurements: SAMPLE },
  { kind: 'batch', batch: { nonce: NONCE.replace('7', '8'), contentType: 'application/senml+json', body: bytesOf(PACK), through: 7 } },
  { kind: 'renumbered', nonce: NONCE.replace('7', '9') },
  { kind: 'answered', through: 7, digest: 'ab'.repeat(32) },
  { kind: 'readings', first: 10, measurements: SAMPLE.slice(0, 2) },
  { kind: 'skipped', through: 10 },
  { kind: 'batch', batch: { nonce: NONCE.replace('7', 'a'), contentType: 'application/cose', contentEncoding: 'gzip', body: new Uint8Array(9), through: null } },
  { kind: 'withdrawn' },
]; // prettier-ignore
const LINES = RECORDS.map(encodeRecord);

/** Beyond it a counter has come to its end, and no device does. */
const MOST_NUMBER = 2 ** 50;

/** What whoever opens it does next. Whatever was on the disk, the queue goes on, and the disk says the same as it. */
async function goOn(bytes: Uint8Array): Promise<string> {
  const storage = new MemoryStorage();
  storage.bytes = bytes;
  const shown = Queue.peek(bytes);
  const queue = await Queue.open(storage);
  const { broken, cutBytes } = queue.repair;
  must(shown.waiting.length === queue.state.waiting.length, 'what is shown is not what is opened');
  must(storage.aside.length === Math.min(broken, 1), 'broken lines are gone, or take a write each');
  const kept = storage.aside.flatMap((lines) => lines.split('\n')).map((line) => JSON.parse(line) as { text: string });
  must(kept.reduce((sum, { text }) => sum + text.split('\n').length, 0) === broken, 'a broken line is gone');
  const { last, sentThrough, nonce } = queue.state;
  const isSpent = (nonce ?? '') > '7' || Math.abs(last) > MOST_NUMBER || Math.abs(sentThrough ?? 0) > MOST_NUMBER;
  if (isSpent) return 'ok, spent';
  must((await queue.keep(SAMPLE.slice(0, 1))) === 'kept', 'a queue that is full');
  must(queue.state.waiting.at(-1)?.number === last + 1, 'a number twice');
  // As the sender does with what waits, in either form.
  const next = queue.next(100);
  const measurements = next?.measurements ?? [];
  writePack(ED25519, measurements);
  writeCborPack(ED25519, measurements);
  if (queue.state.pending === null) {
    const body = bytesOf('[]');
    const batch = await queue.put({ contentType: 'application/senml+json', body }, next?.through ?? null, NOW_MS);
    must(/^[0-9a-f]{16}$/.test(batch.nonce) && batch.nonce > (nonce ?? ''), `nonce ${batch.nonce} after ${nonce}`);
  }
  const before = canonicalJson(queue.state);
  const again = await Queue.open(storage);
  must(again.repair.broken === 0 && again.repair.cutBytes === 0, 'it wrote what it cannot read');
  must(canonicalJson(again.state) === before, 'opened again it holds something else');
  await again.settle();
  return broken > 0 ? 'ok, broken' : cutBytes > 0 ? 'ok, cut' : 'ok';
}

async function openOrNewer(bytes: Uint8Array): Promise<string> {
  try {
    return await goOn(bytes);
  } catch (error) {
    if (error instanceof NewerQueue) return 'newer';
    throw error;
  }
}

const queueBytes: Target = {
  name: 'client-queue',
  form: 'text',
  mostBytes: QUEUE_BYTES,
  share: 0.1,
  seeds: [LINES.join(''), LINES.slice(0, 3).join(''), LINES.slice(1, 2).join(''), ''].map(bytesOf),
  words: LINES,
  run: openOrNewer,
};

const sumOf = (json: string): string => bytesToHex(sha256(bytesOf(json))).slice(0, 8);

/** Lines whose sums are right: of an older or newer program, or of a tool. */
const queueRecords: Target = {
  name: 'queue-records',
  form: 'text',
  // Each line is given its sum.
  mostMsPerKb: 30,
  mostBytes: QUEUE_BYTES,
  share: 0.1,
  seeds: [LINES, LINES.slice(0, 3), LINES.slice(1, 2)].map((lines) =>
    bytesOf(lines.map((line) => line.slice(9)).join('')),
  ),
  words: [...LINES.map((line) => line.slice(9)), ',"gzip"', ',"Cel"', '["temp",1e999,1]', '["temp",1,0.5]', 'null'],
  run(input) {
    const lines = textOf(input).split('\n');
    return openOrNewer(bytesOf(lines.map((json) => `${sumOf(json)} ${json}\n`).join('')));
  },
};

const LIST = `key,lat,lon,elevation,height,name,type
roof.pem,40.4168,-3.7038,650,2.5,Roof,SDS011
new,52.52,13.405,,,"Garden, 2",BME280
new,-33.9,151.2,12,,Yard,
`;

const claimLists: Target = {
  name: 'claim-list',
  form: 'text',
  mostMsPerKb: 30,
  mostBytes: QUEUE_BYTES,
  share: 0.2,
  seeds: [LIST, `\ufeff${LIST.replaceAll('\n', '\r\n')}`, 'key,lat,lon\nnew,1,2\n'].map(bytesOf),
  words: ['"', '""', '\r', '\r\n', ',new,', '../', '=1+1', '각', 'ﷺ', 'key,lat,lon\n', '-90', '180'],
  run(input) {
    const fileOf = (key: ListedDevice['key']): string =>
      'made' in key ? `/keys/${key.made}.pem` : resolve('/', key.file);
    const { devices, errors } = parseClaimList(textOf(input), fileOf);
    must(devices.length + errors.length > 0, 'neither devices nor errors');
    const seen = new Set<string>();
    for (const { key, site, line } of devices) {
      must(Math.abs(site.latitude) <= 90 && Math.abs(site.longitude) <= 180, `at ${site.latitude}, ${site.longitude}`);
      must(Number.isSafeInteger(line) && line >= 2, `line ${line}`);
      const id = fileOf(key);
      must(!seen.has(id), 'one key twice');
      seen.add(id);
      if (!('made' in key)) continue;
      must(/^[\p{Letter}\p{Number}-]+$/u.test(key.made), `a file named ${key.made}`);
      // With its endings: of more than 255 bytes no file system makes one.
      must(Buffer.byteLength(key.made) <= 240, `a file name of ${Buffer.byteLength(key.made)} bytes`);
    }
    checkResults(devices.map(({ site }) => site.name ?? ''));
    return errors.length === 0 ? 'ok' : (errors[0] ?? '').replaceAll(/"[^"]*"|\d+/gs, '');
  },
};

/** A foreign reader takes what is written, and no cell begins a formula. */
function checkResults(names: readonly string[]): void {
  const rest = { line: '2', key: 'new', device: ED25519, region: REGION, 'ingest address': '', result: '-1' };
  const written = writeResults(names.map((name) => ({ ...rest, name })));
  const rows: unknown = parse(written, { columns: true });
  must(Array.isArray(rows) && rows.length === names.length, 'another number of rows');
  for (const [at, row] of (rows as readonly { readonly name: string }[]).entries()) {
    must(row.name === names[at] || row.name === `'${names[at]}`, `${names[at]} became ${row.name}`);
    must(!/^[=+@\t\r]/.test(row.name), `a formula: ${row.name}`);
  }
}

const STATE = {
  kind: 'isobar-device',
  version: 1,
  ...newState(ED25519, 'https://isobar.test'),
  code: '00112233445566778899aabbccddeeff',
};
const ADDRESS = { ingestUrl: `https://isobar.test/v1/regions/${REGION}/readings/0123456789abcdef`, region: REGION };
const RECEIPT = {
  receipt: 'r', received: '2026-11-22T12:00:00Z', accepted: 1, refused: 0,
  flags: [{ quantity: 'temp', time: '2026-11-22T12:00:00Z', test: 'spike', flag: 3 }],
}; // prettier-ignore

const states: Target = {
  name: 'device-state',
  form: 'json',
  mostBytes: QUEUE_BYTES,
  share: 0.5,
  seeds: [
    STATE,
    { ...STATE, address: ADDRESS, lastReceipt: RECEIPT },
    { ...STATE, claim: CLAIM_JSON, positions: [CLAIM_JSON.position] },
    { ...STATE, address: ADDRESS, rotation: { successor: P256, body: { device: ED25519, successor: P256, issuedAt: 1 }, address: null } },
  ].map(jsonBytes), // prettier-ignore
  words: ['"claim":', '"rotation":', '"positions":', '"__proto__":'],
  run(input) {
    try {
      const state = parseState(textOf(input), 'device.device.json');
      must(/^[0-9a-f]{32}$/.test(state.code) && URL.canParse(state.api ?? 'https://a/'), 'another code or network');
      const again = parseState(JSON.stringify({ kind: 'isobar-device', version: 1, ...state }), 'device.device.json');
      must(canonicalJson(again) === canonicalJson(state), 'what was read, written and read differs');
      return parseClaim(state.claim) === null ? 'ok' : 'ok, claim';
    } catch (error) {
      if (error instanceof UsageError || error instanceof Refusal) return error.message.slice(47, 75);
      throw error;
    }
  },
};

const links: Target = {
  name: 'claim-link',
  form: 'text',
  mostBytes: 8 * 1024,
  seeds: [ED25519, P256].map((device) => bytesOf(new URL(claimLink('https://isobar.test', { ...STATE, device })).hash)),
  words: ['#device=', '&code=', 'did:key:z', '%3A', '&device='],
  run(input) {
    const link = parseClaimLink(textOf(input));
    if (link === null) return 'no-link';
    must(/^did:key:z\w+$/.test(link.device) && /^[0-9a-f]{32}$/.test(link.code), 'a link of another form');
    const again = parseClaimLink(`#device=${link.device}&code=${link.code}`);
    must(again?.device === link.device && again.code === link.code, 'what was read is not read again');
    return 'ok';
  },
};

export const MEMORY_TARGETS: readonly Target[] = [queueBytes, queueRecords, claimLists, states, links];
