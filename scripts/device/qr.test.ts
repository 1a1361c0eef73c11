import { encode } from 'uqr';
import { expect, test } from 'vitest';
import { terminalQr } from './qr.ts';

const LINK = 'https://isobar.example/claim#device=did:key:z6Mkk&code=00112233445566778899aabbccddeeff';

test('the modules can be read back from the terminal, with four light ones around', () => {
  const { data } = encode(LINK, { ecc: 'L', border: 0 });
  const rows = terminalQr(LINK, false)
    .split('\n')
    .flatMap((line) => [[...line].map((half) => '█▀'.includes(half)), [...line].map((half) => '█▄'.includes(half))]);
  const size = data.length;
  expect(rows.slice(4, 4 + size).map((row) => row.slice(4, 4 + size))).toEqual(data);
  const dark = rows.flat().filter(Boolean).length;
  expect(dark).toBe(data.flat().filter(Boolean).length);
  expect(rows[0]).toHaveLength(size + 8);
});

test('every line sets ink and ground, so that a dark terminal shows dark modules on light, too', () => {
  for (const line of terminalQr(LINK, true).split('\n'))
    expect([line.startsWith('\x1b[38;5;16;48;5;231m'), line.endsWith('\x1b[0m')]).toEqual([true, true]);
});
