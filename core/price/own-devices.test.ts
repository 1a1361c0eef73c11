import { expect, test } from 'vitest';
import type { OwnerAddress } from '../ids.ts';
import { splitByOwner } from './own-devices.ts';

const [mine, theirs] = [`0x${'aa'.repeat(20)}`, `0x${'bb'.repeat(20)}`] as OwnerAddress[];
const devices = [
  { device: '1', owner: mine ?? '' },
  { device: '2', owner: theirs ?? '' },
];

test('each device is either the own one of who asks, or of others', () => {
  expect(splitByOwner(devices, mine ?? null)).toEqual({ own: [devices[0]], others: [devices[1]] });
  expect(splitByOwner(devices, theirs ?? null)).toEqual({ own: [devices[1]], others: [devices[0]] });
});

test('whoever has not signed owns nothing', () => {
  expect(splitByOwner(devices, null)).toEqual({ own: [], others: devices });
});
