/** Readings to bytes and back, on real batches of 60. */
import { packReadings, unpackReadings } from '../../core/reading/pack.ts';
import { BATCH_READINGS, realBatches, toReadings } from '../batches.ts';
import { microsecondsOf, type Row } from '../row.ts';

const START_MS = Date.UTC(2026, 5, 1);

export const packRow: Row = {
  name: 'pack',
  async measure() {
    const batches = (await realBatches(START_MS)).map(toReadings);
    const packed = batches.map(packReadings);
    const bytes = packed.reduce((sum, { length }) => sum + length, 0);
    const texts = batches.map((batch) => JSON.stringify(batch));
    let next = 0;
    const each =
      <T>(list: readonly T[], use: (item: T) => unknown) =>
      () =>
        use(list[next++ % list.length] as T);
    const { pack, unpack, json, parse } = await microsecondsOf({
      pack: each(batches, packReadings),
      unpack: each(packed, unpackReadings),
      json: each(batches, (batch) => JSON.stringify(batch)),
      parse: each(texts, (text) => JSON.parse(text) as unknown),
    });
    const perReading = (microseconds: number) => microseconds / BATCH_READINGS;
    return [
      {
        name: 'packed size',
        value: bytes / (batches.length * BATCH_READINGS),
        unit: 'bytes/reading',
        budget: { atMost: 4 },
      },
      {
        name: 'pack',
        value: perReading(pack),
        unit: 'µs/reading',
        floor: { name: 'JSON.stringify', value: perReading(json) },
      },
      {
        name: 'unpack',
        value: perReading(unpack),
        unit: 'µs/reading',
        floor: { name: 'JSON.parse', value: perReading(parse) },
      },
    ];
  },
};
