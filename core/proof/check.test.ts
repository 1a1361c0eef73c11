import { base64 } from '@scure/base';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { bytesOf } from '../../test/support/proof-file.ts';
import { DAY0_MS, reading } from '../../test/support/region-log.ts';
import { TOOLS } from '../../test/support/signed-batch.ts';
import { newDevice } from '../../test/support/signed-post.ts';
import { EPOCH, threeBatches } from '../../test/support/three-batches.ts';
import { packReadings } from '../reading/pack.ts';
import type { ChainWord } from './chain-event.ts';
import { checkProof } from './check.ts';
import { parseProof, type Proof } from './format.ts';

let proof: Proof;
let chain: ChainWord;
beforeAll(async () => {
  ({ proof, chain } = await threeBatches(await newDevice('ed25519'), await newDevice('ecdsa-p256-sha256')));
});

const check = (changed: Proof = proof, word: ChainWord | null = chain) => checkProof(bytesOf(changed), word, TOOLS);

test('an hour of three batches, one of them compressed and one late, is proved up to two commits', async () => {
  expect(proof.claim.readings.map(({ value }) => value)).toEqual([21.4, 21.65, 22]);
  const { steps, fault } = await check();
  expect(fault).toBeNull();
  expect(steps.map(({ name }) => name)).toEqual([
    'format',
    ...Array.from({ length: 3 }, () => ['signature', 'log entry', 'segment', 'data root']).flat(),
    'claim',
    'commits',
    'chain',
    'chain',
  ]);
});

test('the same of a P-256 device', async () => {
  const of = await threeBatches(await newDevice('ecdsa-p256-sha256'), await newDevice());
  expect((await check(of.proof, of.chain)).fault).toBeNull();
});

test('without the chain it holds up to the data roots that it names', async () => {
  const { steps, fault } = await check(proof, null);
  expect(fault).toBeNull();
  expect(steps.at(-1)?.name).toBe('commits');
});

/** The value at `batches.0.entry.slot`, changed. */
function changed(path: string, change: (value: never) => unknown): Proof {
  const copy: unknown = structuredClone(proof);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const parent = keys.reduce((at, key) => Reflect.get(Object(at), key) as unknown, copy);
  Reflect.set(Object(parent), last, change(Reflect.get(Object(parent), last) as never));
  return copy as Proof;
}

const flipLast = (hex: string): string => hex.slice(0, -1) + (hex.endsWith('0') ? '1' : '0');
const recode = (text: string, change: (bytes: Uint8Array) => void): string => {
  const bytes = base64.decode(text);
  change(bytes);
  return base64.encode(bytes);
};
const packed = (): string => base64.encode(packReadings([reading('temp', DAY0_MS + 300_000, 21.5)]));

type Case = readonly [what: string, reason: string, path: string, change: (value: never) => unknown, at?: string];
const CASES: readonly Case[] = [
  ['another format', 'format', 'format', () => 'isobar-proof-2'],
  ['a field too much', 'format', 'claim', (claim: object) => ({ ...claim, extra: 1 }), 'claim.extra'],
  [
    'another device in the claim',
    'device',
    'claim.device',
    () => 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
    'batches[0].post.signatureInput',
  ],
  ['header fields that cannot be read', 'post', 'batches.0.post.signature', () => 's=:AAAA:', 'batches[0].post'],
  [
    'another body',
    'digest',
    'batches.0.post.body',
    (body: string) => recode(body, (bytes) => bytes.fill(0x32, 40, 41)),
    'batches[0].post.body',
  ],
  [
    'another body and its digest',
    'digest',
    'batches.1.post.contentDigest',
    () => `sha-256=:${base64.encode(new Uint8Array(32))}:`,
    'batches[1].post.body',
  ],
  [
    'another signature',
    'signature',
    'batches.0.post.signature',
    (text: string) => `s=:${recode(text.slice(3, -1), (bytes) => bytes.fill(7, 3, 4))}:`,
    'batches[0].post.signature',
  ],
  ['another host', 'signature', 'batches.0.post.authority', () => 'elsewhere.test', 'batches[0].post.signature'],
  ['another region', 'ingest-path', 'batches.0.region', () => '831f1dfffffffff', 'batches[0].post.path'],
  [
    'another time of receipt',
    'upload-time',
    'batches.0.entry.receivedMs',
    (ms: number) => ms + 3_600_000,
    'batches[0].entry.receivedMs',
  ],
  [
    'a receipt a second later',
    'leaf',
    'batches.0.entry.receivedMs',
    (ms: number) => ms + 1000,
    'batches[0].entry.leaf',
  ],
  [
    'other readings',
    'readings',
    'batches.0.entry.readings',
    packed,
    'batches[0].entry.readings, pm25 at 2026-06-01T00:05:00.000Z',
  ],
  ['another slot', 'leaf', 'batches.2.entry.slot', () => 1, 'batches[2].entry.leaf'],
  [
    'another label of the signature',
    'leaf',
    'batches.0.post',
    (fields: { signatureInput: string; signature: string }) => ({
      ...fields,
      signatureInput: fields.signatureInput.replace('s=', 'sig='),
      signature: fields.signature.replace('s=', 'sig='),
    }),
    'batches[0].entry.leaf',
  ],
  ['a host in capitals', 'signature', 'batches.0.post.authority', () => 'Isobar.test', 'batches[0].post.signature'],
  ['another leaf', 'leaf', 'batches.0.entry.leaf', flipLast, 'batches[0].entry.leaf'],
  ['a step of the first path', 'segment', 'batches.0.segment.path.0.hash', flipLast, 'batches[0].segment'],
  ['a turn of the first path', 'segment', 'batches.0.segment.path.0.side', () => 'left', 'batches[0].segment'],
  ['another end of the segment', 'root', 'batches.0.segment.toSeq', (seq: number) => seq + 1, 'batches[0].epoch'],
  ['a segment that begins later', 'segment', 'batches.0.segment.fromSeq', () => 2, 'batches[0].segment'],
  ['a step of the second path', 'root', 'batches.1.epoch.path.1.hash', flipLast, 'batches[1].epoch'],
  ['an epoch that nobody committed', 'root', 'batches.0.epoch.number', () => 1, 'batches[0].epoch.number'],
  ['another value in the claim', 'claim', 'claim.readings.1.value', () => 21.66, 'claim.readings[1].value'],
  [
    'another time in the claim',
    'claim',
    'claim.readings.1.time',
    () => '2026-06-01T00:15:00.001Z',
    'claim.readings[1].time',
  ],
  ['another quantity', 'claim', 'claim.quantity', () => 'co2', 'claim.unit'],
  ['another unit', 'claim', 'claim.unit', () => 'K', 'claim.unit'],
  [
    'a claim without the reading of a batch',
    'unused',
    'claim.readings',
    (list: readonly unknown[]) => list.slice(0, 2),
    'batches[2]',
  ],
  [
    'a commit that no batch needs',
    'unused',
    'commits',
    (list: readonly object[]) => [...list, { ...list[1], epoch: 99_999 }],
    'commits[2]',
  ],
  ['another data root', 'root', 'commits.0.dataRoot', flipLast, 'batches[0].epoch'],
  ['another chain', 'event', 'commits.0.chainId', () => 1, 'commits[0].chainId'],
  ['another contract', 'event', 'commits.1.contract', flipLast, 'commits[1].contract'],
  ['another transaction', 'event', 'commits.1.transaction', flipLast, 'commits[1].transaction'],
  ['another block', 'event', 'commits.0.block', (block: number) => block + 1, 'commits[0].block'],
];

test.each(CASES.map(([what, ...rest]) => ({ what, rest })))(
  '$what is found',
  async ({ rest: [reason, path, change, at] }) => {
    const { fault } = await check(changed(path, change));
    expect(fault).toMatchObject({ reason, at: at ?? path });
  },
);

test('a root that the chain does not hold is found, though every path fits', async () => {
  const events = chain.events.map((event) => ({ ...event, dataRoot: flipLast(event.dataRoot) }));
  const { fault } = await check(proof, { ...chain, events });
  expect(fault).toMatchObject({ reason: 'event', at: 'commits[0].dataRoot', expected: events[0]?.dataRoot });
  expect((await check(proof, { ...chain, events: chain.events.slice(1) })).fault).toMatchObject({
    reason: 'event',
    at: 'commits[0].epoch',
    found: String(EPOCH),
  });
});

/** Where `unproved` stands in the text. */
function unprovedSpan(bytes: Uint8Array): readonly [number, number] {
  const from = new TextDecoder().decode(bytes).indexOf('"unproved":');
  return [from, bytes.length - 1];
}

test('no byte outside of "unproved" can be changed, inserted or taken away', { timeout: 120_000 }, async () => {
  const bytes = bytesOf(proof);
  const [from, to] = unprovedSpan(bytes);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(bytes.length - 1),
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom('change', 'insert', 'remove'),
      async (at, byte, what) => {
        fc.pre(at < from || at >= to);
        fc.pre(what !== 'change' || bytes[at] !== byte);
        const put = what === 'remove' ? [] : [byte];
        const mutated = Uint8Array.from([
          ...bytes.slice(0, at),
          ...put,
          ...bytes.slice(what === 'insert' ? at : at + 1),
        ]);
        expect((await checkProof(mutated, chain, TOOLS)).fault).not.toBeNull();
      },
    ),
    { numRuns: 3000 },
  );
});

test('a bit of each byte of a proof of one reading counts', { timeout: 60_000 }, async () => {
  const fromMs = DAY0_MS + 300_000;
  const one = await threeBatches(await newDevice(), await newDevice(), { fromMs, untilMs: fromMs + 1 });
  const bytes = bytesOf(one.proof);
  const [from] = unprovedSpan(bytes);
  for (let at = 0; at < from; at += 1) {
    const mutated = Uint8Array.from(bytes);
    mutated[at] = (mutated[at] ?? 0) ^ (1 << (at % 8));
    const { fault } = await checkProof(mutated, one.chain, TOOLS);
    const place = new TextDecoder().decode(bytes.slice(at - 40, at + 5));
    expect(fault, `byte ${at}, bit ${at % 8}: ${place}`).not.toBeNull();
  }
});

test('a line feed at the end is no change', async () => {
  expect((await checkProof(Uint8Array.from([...bytesOf(proof), 10]), chain, TOOLS)).fault).toBeNull();
});

test('what is no proof is a fault and never an exception', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => new TextEncoder().encode(text)),
      ),
      async (bytes) => {
        expect((await checkProof(bytes, null, TOOLS)).fault?.reason).toBe('format');
      },
    ),
  );
});

test('a file reads as it was written', () => {
  expect(parseProof(bytesOf(proof))).toEqual({ ok: true, value: proof });
});
