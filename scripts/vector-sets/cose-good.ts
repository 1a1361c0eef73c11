/** Batches in the compact form that are accepted, and two that are refused for what was accepted before. */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { encode } from 'cborg';
import { type CoseDraft, decimal, senmlCbor } from './cose-form.ts';
import { isoOf, type Reading, refused, type World } from './vector.ts';

export function goodCose(world: World): Readonly<Record<string, (count: number) => CoseDraft>> {
  const { key, nowSeconds: now, slackSeconds } = world;
  const at = (count: number): number => now - 3000 + 10 * count;
  const temp = (count: number, seconds = 0, value = 21.4): Reading => ({
    quantity: 'temp',
    time: isoOf(at(count) + seconds),
    value,
    unit: 'Cel',
  });
  const bases = (count: number) => ({ bver: 26, bn: `${key.did}:`, bt: at(count) });
  const pack = (count: number) => senmlCbor([{ ...bases(count), n: 'temp', u: 'Cel', v: decimal(214, -1) }]);
  const documented = (count: number) =>
    senmlCbor([
      { ...bases(count), n: 'temp', u: 'Cel', v: decimal(214, -1) },
      { n: 'rh', u: '%RH', v: 54, t: decimal(25, -2) },
      { n: 'pm25', u: 'ug/m3', v: decimal(123, -1) },
    ]);
  const plain =
    (says: string, change: Partial<CoseDraft> = {}) =>
    (count: number): CoseDraft => ({ says, payload: pack(count), expected: [temp(count)], ...change });
  return {
    'as documented': (count) => ({
      says: 'Tagged 18, labels in the order of their bytes, numbers as decimal fractions.',
      payload: documented(count),
      expected: [
        temp(count),
        { quantity: 'rh', time: isoOf(at(count) + 0.25), value: 54, unit: '%RH' },
        { quantity: 'pm25', time: isoOf(at(count)), value: 12.3, unit: 'ug/m3' },
      ],
    }),
    'the batch before is named': plain('Header -70001 is the digest of "as documented".', {
      previous: sha256(documented(0)),
      after: ['as documented'],
    }),
    'the same batch, signed anew': () => ({
      says: 'Nonce and payload of "as documented", signed a second later: the first receipt again.',
      payload: documented(0),
      nonce: '0000000000001000',
      created: now + 1,
      after: ['as documented'],
      expected: { verdict: 'repeated', status: 200 },
    }),
    untagged: plain('The media type says what it is.', { message: (items) => encode(items) }),
    'content type with a parameter': plain('As RFC 9052 section 10.3.1 writes it.', {
      headers: { 'content-type': 'application/cose; cose-type="cose-sign1"' },
    }),
    'a header in another order': plain('The protected header is signed as sent.', {
      protected: (usual) => reversedMap(usual),
    }),
    'doubles and singles': (count) => ({
      says: 'A number is a number: 21.4 as a double, 54 as a half.',
      payload: concatBytes(
        Uint8Array.of(0x82),
        encode(
          new Map<number, unknown>([
            [0, 'temp'],
            [1, 'Cel'],
            [2, 21.4],
            [6, at(count)],
          ]),
        ),
        halfRecord(at(count)),
      ),
      expected: [temp(count), { quantity: 'rh', time: isoOf(at(count)), value: 54, unit: '%RH' }],
    }),
    'labels that nobody knows': (count) => ({
      says: 'A positive integer and a text label of no meaning are passed over; the text "v" is not the label 2.',
      payload: encode([
        new Map<unknown, unknown>([
          [-3, at(count)],
          [0, 'temp'],
          [1, 'Cel'],
          [2, decimal(214, -1)],
          [99, 1],
          ['v', 'text'],
        ]),
      ]),
      expected: [temp(count)],
    }),
    'as old as allowed': plain('Claim 6 is 330 s before the judge.', { created: now - 330 + slackSeconds }),
    'as early as allowed': plain('Claim 6 is 30 s after the judge.', { created: now + 30 }),
    'some readings refused': (count) => ({
      says: 'A reading of 31 days ago is named in the receipt; the rest counts.',
      payload: senmlCbor([
        { bt: at(count), n: 'temp', u: 'Cel', v: decimal(214, -1) },
        { n: 'temp', u: 'Cel', v: decimal(216, -1), t: -2_678_400 },
      ]),
      expected: [temp(count), temp(count, -2_678_400, 21.6)],
      refuses: [{ quantity: 'temp', time: isoOf(at(count) - 2_678_400), code: 'too-old' }],
    }),
    'no times': () => ({
      says: 'A missing time counts from the claim 6, which is signed.',
      payload: senmlCbor([{ n: 'temp', u: 'Cel', v: 21 }]),
      created: now - 1,
      expected: [{ quantity: 'temp', time: isoOf(now - 1), value: 21, unit: 'Cel' }],
    }),
    'the nonce again with another payload': (count) => ({
      says: 'The nonce of "as documented" for another payload.',
      payload: pack(count),
      nonce: '0000000000001000',
      after: ['as documented'],
      expected: refused(409, 'nonce-reused'),
    }),
    'a nonce below the window': (count) => ({
      says: '64 and more below the highest nonce accepted.',
      payload: pack(count),
      nonce: '0000000000000fc0',
      after: ['as documented'],
      expected: refused(409, 'nonce-too-old', slackSeconds === 0 ? { highest: '0000000000001000' } : {}),
    }),
  };
}

/** {0: "rh", 1: "%RH", 2: 54.0 in 16 bits, 6: time} */
function halfRecord(seconds: number): Uint8Array {
  return concatBytes(hexToBytes('a4006272680163255248'), hexToBytes('02f952c0'), Uint8Array.of(6), encode(seconds));
}

/** The entries of a map of four, last first. */
function reversedMap(bytes: Uint8Array): Uint8Array {
  const parts = [bytes.slice(1, 3), bytes.slice(3, 6)];
  const claims = bytes.length - CLAIMS_BYTES;
  return concatBytes(bytes.slice(0, 1), bytes.slice(claims), bytes.slice(6, claims), ...parts.toReversed());
}
/** 0f a2 06 1a ........ 07 48 ........ : label, map, time of 4 bytes, nonce of 8. */
const CLAIMS_BYTES = 1 + 1 + 1 + 5 + 1 + 9;
