/** Batches in the JSON form that are accepted: what a verifier must not refuse. */
import { p256 } from '@noble/curves/nist.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { base64 } from '@scure/base';
import { gzipRuns } from './gzip.ts';
import { digestField, type Draft, FIVE, SENML_JSON } from './json-form.ts';
import { bytesOf } from './json-form.ts';
import { isoOf, type Reading, refused, type World } from './vector.ts';

const P256_ORDER = p256.Point.Fn.ORDER;

export function goodJson(world: World): Readonly<Record<string, (count: number) => Draft>> {
  const { key, nowSeconds: now, slackSeconds } = world;
  /** Each vector has times of its own, so that all of them can be sent to one network. */
  const at = (count: number): number => now - 3000 + 10 * count;
  const temp = (count: number, seconds = 0, value = 21.4): Reading => ({
    quantity: 'temp',
    time: isoOf(at(count) + seconds),
    value,
    unit: 'Cel',
  });
  const pack = (count: number): string =>
    `[{"bn":"${key.did}:","bt":${at(count)},"bver":26,"n":"temp","u":"Cel","v":21.4}]`;
  const documented = (count: number): string =>
    `[{"bn":"${key.did}:","bt":${at(count)},"bver":26,"n":"temp","u":"Cel","v":21.4},\n{"n":"rh","u":"%RH","t":0.25,"v":54},\n{"n":"pm25","u":"ug/m3","v":12.3}]`;
  const plain =
    (says: string, change: Partial<Draft> = {}) =>
    (count: number): Draft => ({ says, body: pack(count), expected: [temp(count)], ...change });
  const both = (body: string): string =>
    `sha-512=:${base64.encode(sha512(bytesOf(body)))}:, ${digestField(bytesOf(body))}`;

  return {
    'as documented': (count) => ({
      says: 'The five components in the usual order; three quantities, the second record 250 ms after the first.',
      body: documented(count),
      expected: [
        temp(count),
        { quantity: 'rh', time: isoOf(at(count) + 0.25), value: 54, unit: '%RH' },
        { quantity: 'pm25', time: isoOf(at(count)), value: 12.3, unit: 'ug/m3' },
      ],
    }),
    'the batch before is named': plain(
      'Previous-Digest is the digest of "as documented"; it is covered, as the sixth.',
      {
        previous: sha256(bytesOf(documented(0))),
        after: ['as documented'],
      },
    ),
    'the same batch, signed anew': () => ({
      says: 'Nonce and body of "as documented", signed a second later: the first receipt again.',
      body: documented(0),
      nonce: '0000000000001000',
      created: now + 1,
      after: ['as documented'],
      expected: { verdict: 'repeated', status: 200 },
    }),
    'components in another order': plain('Any order of the five: base and @signature-params follow it.', {
      components: FIVE.toReversed(),
    }),
    'another label': plain('The label is free; both fields must use it.', { label: 'sig-b26' }),
    'alg given': plain('alg may be there; it must be the algorithm of the key.', {
      params: (usual) => `${usual};alg="${key.algorithm}"`,
    }),
    'expires and a tag': plain('Further parameters are signed as they stand; expires is in the future.', {
      params: (usual) => `${usual};expires=${now + 300};tag="isobar"`,
    }),
    'parameters in another order': plain('@signature-params is signed as received.', {
      params: (usual) =>
        usual.replace(/;created=(\d+);keyid=("[^"]*");nonce=("[^"]*")/, ';nonce=$3;created=$1;keyid=$2'),
    }),
    'content type with a parameter': plain('The field value is signed as sent.', {
      headers: { 'content-type': `${SENML_JSON}; charset=utf-8` },
    }),
    'two digests': (count) =>
      plain('Content-Digest with another algorithm beside sha-256: the whole field is signed.', {
        headers: { 'content-digest': both(pack(count)) },
      })(count),
    gzip: (count) =>
      plain('Digest and signature are over the compressed bytes.', {
        body: gzipRuns([{ text: pack(count), times: 1 }]),
        posted: { 'content-encoding': 'gzip' },
      })(count),
    'spaces and line feeds': (count) =>
      plain('The bytes are digested, not the JSON: nothing may be written anew.', {
        body: `[ {"v": 21.40e0,\r\n "n": "temp", "u": "Cel", "t": ${at(count)} } ]\n`,
      })(count),
    'as old as allowed': plain('created 330 s before the judge: 300 s of age and 30 s between clocks.', {
      created: now - 330 + slackSeconds,
    }),
    'as early as allowed': plain('created 30 s after the judge.', { created: now + 30 }),
    'other units': (count) => ({
      says: 'Accepted units are converted; half a step is rounded up.',
      body: `[{"bt":${at(count)},"n":"temp","u":"K","v":294.55},{"n":"press","u":"Pa","v":101325},{"n":"pm25","u":"mg/m3","v":0.01235},{"n":"rh","u":"/","v":0.541}]`,
      expected: [
        temp(count),
        { quantity: 'press', time: isoOf(at(count)), value: 1013.3, unit: 'hPa' },
        { quantity: 'pm25', time: isoOf(at(count)), value: 12.4, unit: 'ug/m3' },
        { quantity: 'rh', time: isoOf(at(count)), value: 54.1, unit: '%RH' },
      ],
    }),
    'a time in microseconds': (count) => ({
      says: 'Times are doubles, rounded to milliseconds; bver may be that of RFC 8428.',
      body: `[{"bver":10,"n":"temp","u":"Cel","t":${at(count)}.1234567,"v":21.4}]`,
      expected: [temp(count, 0.123)],
    }),
    'base fields': (count) => ({
      says: 'Base fields hold until they are redefined; a label that nobody knows is passed over; a name may be a URN.',
      body: `[{"bn":"urn:dev:mac:24a160fffe123456:","bt":${at(count)},"bu":"Cel","bv":20,"x":"roof"},{"n":"temp","v":1.4},{"n":"temp","t":1,"u":"K","bv":200,"v":94.55},{"bn":"","n":"rh","u":"%RH","bv":0,"v":54}]`,
      expected: [temp(count), temp(count, 1), { quantity: 'rh', time: isoOf(at(count)), value: 54, unit: '%RH' }],
    }),
    'a base value alone': (count) => ({
      says: 'Where a base value is in force a missing v is 0; a sum beside it changes nothing.',
      body: `[{"bt":${at(count)},"bv":20,"n":"temp","u":"Cel"},{"bv":54,"n":"rh","u":"%RH","s":3}]`,
      expected: [temp(count, 0, 20), { quantity: 'rh', time: isoOf(at(count)), value: 54, unit: '%RH' }],
    }),
    'half a step below zero': (count) => ({
      says: 'Half a step is rounded away from zero.',
      body: `[{"bt":${at(count)},"n":"temp","u":"Cel","v":-0.005}]`,
      expected: [temp(count, 0, -0.01)],
    }),
    'an index without a unit': (count) => ({
      says: 'The UV index has none.',
      body: `[{"bt":${at(count)},"n":"uv","v":5.5}]`,
      expected: [{ quantity: 'uv', time: isoOf(at(count)), value: 5.5, unit: '1' }],
    }),
    'expires as early as allowed': plain('expires may be over by the difference between clocks, 30 s.', {
      created: now - 60,
      params: (usual) => `${usual};expires=${now - 30 + slackSeconds}`,
    }),
    'some readings refused': (count) => ({
      says: 'A reading of an hour ahead and one of 31 days ago are named in the receipt; the rest counts.',
      body: `[{"bt":${at(count)},"n":"temp","u":"Cel","v":21.4},{"n":"temp","u":"Cel","t":6600,"v":21.5},{"n":"temp","u":"Cel","t":-2678400,"v":21.6}]`,
      expected: [temp(count), temp(count, 6600, 21.5), temp(count, -2_678_400, 21.6)],
      refuses: [
        { quantity: 'temp', time: isoOf(at(count) - 2_678_400), code: 'too-old' },
        { quantity: 'temp', time: isoOf(at(count) + 6600), code: 'in-the-future' },
      ],
    }),
    ...(key.algorithm === 'ecdsa-p256-sha256' && {
      'both values of s': plain('n - s is as good as s: signature bytes name nothing.', {
        signature: (signature) => otherS(signature),
      }),
    }),
    'no times': () => ({
      says: 'A missing time and a time below 2^28 count from created, which is signed.',
      body: `[{"n":"${key.did}:temp","u":"Cel","v":21.4},{"n":"rh","u":"%RH","t":-60,"v":54}]`,
      created: now - 1,
      expected: [
        { quantity: 'temp', time: isoOf(now - 1), value: 21.4, unit: 'Cel' },
        { quantity: 'rh', time: isoOf(now - 61), value: 54, unit: '%RH' },
      ],
    }),
    'the nonce again with other bytes': (count) => ({
      says: 'The nonce of "as documented" for another body.',
      body: pack(count),
      nonce: '0000000000001000',
      after: ['as documented'],
      expected: refused(409, 'nonce-reused'),
    }),
    'a nonce below the window': (count) => ({
      says: '64 and more below the highest nonce accepted.',
      body: pack(count),
      nonce: '0000000000000fc0',
      after: ['as documented'],
      expected: refused(409, 'nonce-too-old', world.slackSeconds === 0 ? { highest: '0000000000001000' } : {}),
    }),
  };
}

/** (r, n - s) for (r, s). */
export function otherS(signature: Uint8Array): Uint8Array {
  const s = signature.slice(32).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const other = (P256_ORDER - s).toString(16).padStart(64, '0');
  return Uint8Array.from([...signature.slice(0, 32), ...Buffer.from(other, 'hex')]);
}
