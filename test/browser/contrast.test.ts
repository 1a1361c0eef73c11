/** WCAG 2.2, 1.4.3: text reaches 4.5:1 on the surface it stands on, in the light and in the dark scheme. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const MINIMUM = 4.5;
const ON_SURFACES = ['ink', 'muted', 'accent'];
const STATES = ['good', 'suspect', 'fail', 'silent'];

const [light = '', dark = ''] = readFileSync(
  join(import.meta.dirname, '..', '..', 'web', 'styles', 'tokens.css'),
  'utf8',
).split('@media');

test.each([
  ['light', light],
  ['dark', dark],
])('text of the %s scheme can be read', (_, sheet) => {
  const color = (name: string): string => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(sheet)?.[1] ?? `no --${name}`;
  const pairs = [
    ...ON_SURFACES.flatMap((text) => ['page', 'surface', 'sunken'].map((ground) => [text, ground] as const)),
    ...STATES.flatMap(
      (state) =>
        [
          [state, `${state}-soft`],
          [state, 'surface'],
          ['ink', `${state}-soft`],
        ] as const,
    ),
    ['muted', 'fail-soft'],
    ['muted', 'land'],
    ['surface', 'accent'],
    ['accent', 'accent-soft'],
  ] as const;
  const weak = pairs
    .map(([text, ground]) => ({ text, ground, ratio: contrast(color(text), color(ground)) }))
    .filter(({ ratio }) => !(ratio >= MINIMUM));
  expect(weak).toEqual([]);
});

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(hex: string): number {
  const [red = NaN, green = NaN, blue = NaN] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
