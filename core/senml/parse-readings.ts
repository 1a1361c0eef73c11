/** A SenML pack as readings of our catalogue: names to quantities, units to steps, seconds to whole milliseconds. */
import type { PackRefusal } from '../errors.ts';
import type { DeviceId } from '../ids.ts';
import { quantityByCode, type Quantity } from '../reading/quantity.ts';
import type { Reading } from '../reading/reading.ts';
import { conversionOf, stepsOf, type Conversion } from '../reading/units.ts';
import { err, ok, type Result } from '../result.ts';
import { readCborPack } from './cbor.ts';
import { readJsonPack, resolvePack, type ResolvedRecord } from './resolve.ts';

/** What a name and unit stand for; a pack of 60 records has about five of them. */
type Column = { readonly unit: string | null; readonly quantity: Quantity; readonly conversion: Conversion };

/**
 * The part of a name after its last `:` or `/` is the quantity's code. What comes before is empty, the signer's id, or a
 * device URN (RFC 9039), which is the maker's own business: identity is the key, never the name.
 *
 * `createdMs` is the signature's `created`: the "now" that missing and relative times count from (RFC 8428 section 4.5.3).
 * It is signed, where a server's clock is not, so the same signed bytes are the same readings for whoever reads them.
 */
export function parseReadings(
  text: string,
  device: DeviceId,
  createdMs: number,
): Result<readonly Reading[], PackRefusal> {
  const pack = readJsonPack(text);
  return pack.ok ? readingsOf(pack.value, device, createdMs) : pack;
}

/** The compact form's payload. */
export function parseCborReadings(
  bytes: Uint8Array,
  device: DeviceId,
  createdMs: number,
): Result<readonly Reading[], PackRefusal> {
  const pack = readCborPack(bytes);
  return pack.ok ? readingsOf(pack.value, device, createdMs) : pack;
}

function readingsOf(given: unknown, device: DeviceId, createdMs: number): Result<readonly Reading[], PackRefusal> {
  const pack = resolvePack(given, createdMs);
  if (!pack.ok) return pack;
  const columns = new Map<string, Column>();
  const readings: Reading[] = [];
  for (const record of pack.value) {
    let column = columns.get(record.name);
    if (column === undefined || column.unit !== record.unit) {
      const found = columnOf(record, device);
      if (!found.ok) return found;
      column = found.value;
      columns.set(record.name, column);
    }
    const { quantity, conversion } = column;
    if (typeof record.value !== 'number') {
      return err({ reason: 'not-a-number', record: record.record, given: typeof record.value });
    }
    const steps = stepsOf(conversion, record.value);
    if (steps === null) {
      return err({ reason: 'out-of-type', record: record.record, quantity: quantity.code, given: record.value });
    }
    readings.push({ quantity: quantity.index, measuredMs: Math.round(record.timeSeconds * 1000), steps });
  }
  return ok(readings);
}

function columnOf(record: ResolvedRecord, device: DeviceId): Result<Column, PackRefusal> {
  const { name, unit } = record;
  const cut = Math.max(name.lastIndexOf(':'), name.lastIndexOf('/'));
  const prefix = cut < 0 ? '' : name.slice(0, cut);
  if (prefix !== '' && prefix !== device && !prefix.startsWith('urn:dev:')) {
    return err({ reason: 'wrong-base-name', record: record.record, given: name.slice(0, 120) });
  }
  const quantity = quantityByCode(name.slice(cut + 1));
  if (!quantity)
    return err({ reason: 'unknown-quantity', record: record.record, given: name.slice(cut + 1, cut + 41) });
  const conversion = conversionOf(quantity, unit);
  return conversion.ok
    ? ok({ unit, quantity, conversion: conversion.value })
    : err({ record: record.record, ...conversion.error });
}
