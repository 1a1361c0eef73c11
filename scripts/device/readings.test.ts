import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { generateKeyPem, loadDeviceKey } from '../../sensors/client/key.ts';
import type { Flags } from '../command-line.ts';
import { readBatchBody } from './readings.ts';

const NOW = Date.parse('2026-11-22T09:00:00Z');

async function bodyOf(flags: Flags): Promise<unknown> {
  const key = await loadDeviceKey(await generateKeyPem('ed25519'));
  if (!key.ok) throw new Error(key.error.detail);
  return JSON.parse(new TextDecoder().decode(await readBatchBody(flags, key.value, NOW)));
}

async function fileWith(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'isobar-readings-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'file'), text);
  return join(directory, 'file');
}

test('one reading takes the unit of its quantity and the present time', async () => {
  expect(await bodyOf({ quantity: 'temp', value: '-2.5' })).toMatchObject([
    { n: 'temp', u: 'Cel', v: -2.5, bt: NOW / 1000 },
  ]);
});

test('a CSV and a JSON list of the same readings make the same pack', async () => {
  const csv = await fileWith(
    'time,quantity,value,unit\n2026-11-22T08:00:00Z,no2,20,ug/m3\n2026-11-22T08:10:00Z,rh,54,\n',
  );
  const list = await fileWith(
    '[{"time":"2026-11-22T08:00:00Z","quantity":"no2","value":20,"unit":"ug/m3"},{"time":"2026-11-22T08:10:00Z","quantity":"rh","value":54}]',
  );
  const fromCsv = (await bodyOf({ file: csv })) as object[];
  expect(fromCsv).toMatchObject([
    { n: 'no2', u: 'ug/m3', v: 20 },
    { n: 'rh', u: '%RH', t: 600, v: 54 },
  ]);
  expect(((await bodyOf({ file: list })) as object[]).slice(1)).toEqual(fromCsv.slice(1));
});

test('a SenML pack goes out as it is written', async () => {
  expect(await bodyOf({ file: await fileWith('[{"n":"temp","v":1}]') })).toEqual([{ n: 'temp', v: 1 }]);
});

test.each([
  [{ quantity: 'tmp', value: '1' }, '"tmp" is no quantity'],
  [{ quantity: 'temp', value: 'warm' }, '"warm" is no value'],
  [{ quantity: 'temp', value: '1', at: 'noon' }, '"noon" is no time'],
  [{ quantity: 'temp' }, '"" is no value'],
  [{ file: '/nowhere/x.csv' }, '/nowhere/x.csv cannot be read'],
])('a wrong reading is named: %o', async (flags, sentence) => {
  await expect(bodyOf(flags)).rejects.toThrow(sentence);
});

test('a wrong reading of a file is named by its number', async () => {
  const file = await fileWith('time,quantity,value\n2026-11-22T08:00:00Z,temp,1\n2026-11-22T08:00:00Z,temp,\n');
  await expect(bodyOf({ file })).rejects.toThrow('reading 2: "" is no value');
});

test('what spreadsheets write is read, byte order mark and CRLF', async () => {
  const file = await fileWith('\uFEFFtime,quantity,value\r\n2026-11-22T08:00:00Z,temp,1\r\n');
  expect(await bodyOf({ file })).toMatchObject([{ n: 'temp', v: 1 }]);
  const list = await fileWith('\uFEFF[{"n":"temp","v":1}]');
  expect(await bodyOf({ file: list })).toEqual([{ n: 'temp', v: 1 }]);
});

test.each([
  ['time;quantity;value\n2026-11-22T08:00:00Z;temp;21,4\n', 'has semicolons between its columns; save it with commas'],
  [
    '2026-11-22T08:00:00Z,temp,1\n2026-11-22T08:10:00Z,temp,1\n',
    'has no column "time", "quantity", "value": its first line',
  ],
  ['time,quantity\n2026-11-22T08:00:00Z,temp\n', 'has no column "value"'],
])('a table that is none is refused by what is wrong with it: %j', async (text, sentence) => {
  await expect(bodyOf({ file: await fileWith(text) })).rejects.toThrow(sentence);
});
