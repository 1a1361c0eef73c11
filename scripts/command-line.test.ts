import { expect, test } from 'vitest';
import { numberFlag, readArguments, requireFlag, UsageError } from './command-line.ts';

test('a negative number is the value of the flag before it', () => {
  const { flags } = readArguments(['--lat', '40.4', '--lon', '-3.7'], { values: ['lat', 'lon'] });
  expect(numberFlag(flags, 'lon')).toBe(-3.7);
});

test('switches, flags and words are told apart', () => {
  const read = readArguments(['add', '--name=A b', '--live'], {
    values: ['name'],
    switches: ['live', 'dry'],
    words: 1,
  });
  expect(read.words).toEqual(['add']);
  expect(read.flags).toEqual({ name: 'A b' });
  expect([read.has('live'), read.has('dry')]).toEqual([true, false]);
});

test('an unknown flag, a word too many, a missing flag and a wrong number are usage errors', () => {
  expect(() => readArguments(['--nope', 'x'], { values: ['name'] })).toThrow(UsageError);
  expect(() => readArguments(['word'], {})).toThrow('one word too many');
  expect(() => requireFlag({}, 'did')).toThrow('--did is missing');
  expect(() => numberFlag({ lat: 'north' }, 'lat')).toThrow('not a number');
});
