/** Inputs that once threw, were taken or took too long, each as small as it was found, or made again where that is large. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'cborg';
import { bytesOf, jsonBytes } from './target.ts';
import { ACT_ENTRIES, TWO_MEMBERS } from './targets/acts.ts';
import { PASS } from './targets/edge.ts';

export type Found = {
  readonly target: string;
  /** What went wrong. */
  readonly was: string;
  readonly input: Uint8Array;
};

const proof = readFileSync(join(import.meta.dirname, '../vectors/proof-1.json'), 'utf8');
/** As JSON.parse gives it: an object that no `String()` can turn to text. */
const SPEECHLESS = '{"toString":1,"valueOf":1}';

function changed(text: string, from: string | RegExp, to: string): Uint8Array {
  const other = text.replace(from, to);
  if (other === text) throw new Error(`the example does not hold ${String(from)}`);
  return bytesOf(other);
}

function batchWithKeyId(bytes: number): Uint8Array {
  const header = new Map<number, unknown>([
    [1, -8],
    [3, 112],
    [4, new Uint8Array(bytes).fill(255)],
  ]);
  return encode([encode(header), new Map(), new Uint8Array(), new Uint8Array(64)]);
}

/** Lists in lists, and a number in the last. */
const nested = (depth: number): Uint8Array => new Uint8Array(depth + 1).fill(0x81).fill(1, depth);

function batchWithLabel(label: Uint8Array): Uint8Array {
  const header = Uint8Array.from([0xa1, ...label, 1]);
  return encode([header, new Map(), new Uint8Array(), new Uint8Array(64)]);
}

/** The example, with other fields of its act or of its own. */
function checkedWith(kind: string, act: object, entry: object = {}): Uint8Array {
  const example = ACT_ENTRIES.find((one) => one.act?.act.kind === kind);
  if (example?.act === undefined) throw new Error(`no example of ${kind}`);
  return encode({ ...example, ...entry, act: { ...example.act, act: { ...example.act.act, ...act } } });
}

const [PAIR_OF_INPUTS = '', PAIR_OF_SIGNATURES = ''] = TWO_MEMBERS.split('\n');

const PAYMENT = {
  x402Version: 2,
  accepted: {
    scheme: 'exact', network: 'eip155:10', asset: `0x${'aa'.repeat(20)}`, amount: '1', payTo: `0x${'bb'.repeat(20)}`, maxTimeoutSeconds: 300,
    extra: { name: 'USD Coin', version: '2', q: 'q', offer: 'OFFER' },
  },
  payload: {
    signature: '0x12',
    authorization: { from: `0x${'cc'.repeat(20)}`, to: `0x${'bb'.repeat(20)}`, value: '1', validAfter: '1', validBefore: '2', nonce: `0x${'dd'.repeat(32)}` },
  },
}; // prettier-ignore

export const FOUND: readonly Found[] = [
  { target: 'ids', was: 'a TypeError, 500 at the edge', input: bytesOf(`[${SPEECHLESS}]`) },
  { target: 'ids', was: 'a RangeError', input: bytesOf('['.repeat(30_000) + ']'.repeat(30_000)) },
  { target: 'admin-fields', was: 'a TypeError, 500 at the edge', input: bytesOf(`{"operator":${SPEECHLESS}}`) },
  { target: 'json-bodies', was: 'a TypeError, 500 at the edge', input: bytesOf(`{"bbox":[${SPEECHLESS},1]}`) },
  { target: 'json-bodies', was: 'the square of its length', input: bytesOf(`{"device":[${'"",'.repeat(80_000)}""]}`) },
  { target: 'x402-payment', was: 'a TypeError, 500 at the edge', input: changed(JSON.stringify(PAYMENT), '"OFFER"', SPEECHLESS) },
  { target: 'cose-batch', was: 'an exception of the base58 library, 500 at the edge', input: batchWithKeyId(4000) },
  { target: 'keys-and-seals', was: 'a second form of a link', input: bytesOf(`${PASS}.`) },
  { target: 'log-entry', was: 'a break as a value', input: Uint8Array.from(Buffer.from('omRob3Vy/2Jsb2Nrc4A=', 'base64')) },
  { target: 'log-entry', was: 'a field for every byte', input: encode(new Uint8Array(120_000)) },
  { target: 'block', was: 'a TypeError', input: encode([{ toString: 1, valueOf: 1 }, '83390cfffffffff', 0, []]) },
  { target: 'proof-file', was: 'a field that is none', input: changed(proof, '"claim":{', '"claim":{"constructor":1,') },
  { target: 'proof-file', was: 'a RangeError', input: changed(proof, /"unproved":.*$/s, `"unproved":${'['.repeat(40_000)}${']'.repeat(40_000)}}`) },
  { target: 'proof-check', was: 'a RangeError', input: changed(proof, /"receivedMs":\d+/, '"receivedMs":9007199254740991') },
  { target: 'proof-check', was: 'a RangeError', input: changed(proof, /created=\d+/, 'created=999999999999999') },
  { target: 'commit-events', was: 'a TypeError', input: bytesOf(`[{"topics":[${SPEECHLESS}]}]`) },
  { target: 'commit-events', was: 'a RangeError', input: bytesOf('['.repeat(30_000) + ']'.repeat(30_000)) },
  { target: 'gateway-airrohr', was: 'a TypeError, 500 to the device', input: bytesOf(`{"esp8266id":1,"sensordatavalues":[{"value":1,"value_type":${SPEECHLESS}}]}`) },
  { target: 'gateway-ecowitt', was: 'the square of its length', input: bytesOf(`PASSKEY=1&tempf=${'2'.repeat(60_000)}x`) },
  { target: 'client-problem', was: 'a clock that no later answer could set right', input: jsonBytes({ serverTime: 9_099_254_740_993 }) },
  { target: 'buyer-offer', was: 'a TypeError', input: bytesOf('') },
  { target: 'buyer-offer', was: 'a TypeError', input: jsonBytes({ x402Version: 2, accepts: [null] }) },
  { target: 'device-file', was: 'a TypeError', input: bytesOf('[null]') },
  { target: 'senml-cbor', was: 'a RangeError, 500 at the edge', input: Uint8Array.from([0x81, 0xa1, ...nested(4500), 1]) },
  { target: 'cose-batch', was: 'a RangeError, 500 at the edge', input: batchWithLabel(nested(4500)) },
  { target: 'signature-members', was: 'a label given twice', input: bytesOf(`${PAIR_OF_INPUTS}\nk0=:w, ${PAIR_OF_SIGNATURES}`) },
  { target: 'signature-members', was: 'a character that is no space taken for one', input: bytesOf(`${PAIR_OF_INPUTS}\n${PAIR_OF_SIGNATURES.replace(', ', ',\u00a0')}`) },
  { target: 'act-check', was: 'an exception of the library of H3', input: checkedWith('claim', { place: '87fffffffffffff' }) },
  { target: 'act-check', was: 'a TypeError', input: checkedWith('claim', {}, { displayName: { toString: 1, valueOf: 1 } }) },
  { target: 'act-check', was: 'a TypeError', input: checkedWith('claim', {}, { claimedMs: 2n ** 60n }) },
  { target: 'act-check', was: 'a RangeError', input: checkedWith('claim', {}, { claimedMs: ['x'] }) },
  { target: 'queue-records', was: 'a number that no pack holds, and nothing went out any more', input: bytesOf('["readings",6,[["temp",1e999,1]]]') },
  { target: 'client-queue', was: 'a write for each of a thousand lines', input: bytesOf('\n'.repeat(1000)) },
  { target: 'device-state', was: 'a RangeError', input: bytesOf('{"claim":'.repeat(6000) + '1' + '}'.repeat(6000)) },
  { target: 'claim-list', was: 'a name of a file that no file system takes', input: bytesOf(`key,lat,lon,name\nnew,1,2,${'각'.repeat(30)}\n`) },
]; // prettier-ignore
