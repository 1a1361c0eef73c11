/** Readings as a SenML JSON pack (RFC 8428): one pack is one batch. */
import type { DeviceId } from '../../core/ids.ts';
import type { QuantityCode } from '../../core/reading/quantity.ts';

export type Measurement = {
  readonly quantity: QuantityCode;
  /** In `unit`. */
  readonly value: number;
  /** A unit that the network accepts for the quantity, see /v1/quantities. */
  readonly unit: string;
  /** Time of measurement, Unix milliseconds. */
  readonly measuredMs: number;
};

/** RFC 9100: version 10 plus 2^4, the feature "secondary units" (RFC 8798) that ug/m3, hPa and ppm belong to. */
export const SENML_VERSION = 26;

type SenmlRecord = {
  readonly bn?: string;
  readonly bt?: number;
  readonly bver?: number;
  readonly n: string;
  readonly u: string;
  readonly t?: number;
  readonly v: number;
};

/**
 * Oldest first, whatever the order given. The base time is whole seconds, the records' times are offsets from it, which
 * keeps milliseconds exact in a double and the pack small.
 */
export function writePack(device: DeviceId, measurements: readonly Measurement[]): string {
  const sorted = measurements.toSorted((a, b) => a.measuredMs - b.measuredMs);
  const baseSeconds = Math.floor((sorted[0]?.measuredMs ?? 0) / 1000);
  const records = sorted.map((measurement, position): SenmlRecord => {
    if (!Number.isFinite(measurement.value)) throw new RangeError(`${measurement.quantity} is not a finite number`);
    const offsetMs = measurement.measuredMs - baseSeconds * 1000;
    return {
      ...(position === 0 ? { bn: `${device}:`, bt: baseSeconds, bver: SENML_VERSION } : {}),
      n: measurement.quantity,
      u: measurement.unit,
      ...(offsetMs === 0 ? {} : { t: offsetMs / 1000 }),
      v: measurement.value,
    };
  });
  return `[${records.map((record) => JSON.stringify(record)).join(',\n')}]`;
}
