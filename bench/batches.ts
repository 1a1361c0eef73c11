/** Batches of real measurements, as the fleet sends them: 60 readings of stations of data/slices. */
import { quantityByCode } from '../core/reading/quantity.ts';
import type { Reading } from '../core/reading/reading.ts';
import { generateKeyPem, loadDeviceKey, type SigningKey } from '../sensors/client/key.ts';
import { type Measurement, writePack } from '../sensors/client/senml.ts';
import { SENML_JSON, signUpload } from '../sensors/client/sign.ts';
import { loadSlices, SENT_UNITS } from '../sensors/simulator/slice.ts';
import type { KeyAlgorithm } from '../core/signature/did-key.ts';

export const BATCH_READINGS = 60;
const HOUR_MS = 3_600_000;

/** One list a batch; each of one station, hour after hour, all its quantities. */
export async function realBatches(startMs: number): Promise<readonly (readonly Measurement[])[]> {
  const { series } = await loadSlices();
  return [...series.values()].flatMap((station) => {
    const quantities = [...station];
    const hours = quantities[0]?.[1].length ?? 0;
    const measurements = Array.from({ length: hours }, (_, hour) =>
      quantities.flatMap(([quantity, values]) => {
        const value = values[hour];
        const unit = SENT_UNITS[quantity];
        if (value === null || value === undefined || unit === undefined) return [];
        return [{ quantity, value, unit, measuredMs: startMs + hour * HOUR_MS }];
      }),
    ).flat();
    const batches = Math.floor(measurements.length / BATCH_READINGS);
    return Array.from({ length: batches }, (_, index) =>
      measurements.slice(index * BATCH_READINGS, (index + 1) * BATCH_READINGS),
    );
  });
}

/** In steps, without the conversion of gases that the edge does: for packing and folding alone. */
export function toReadings(batch: readonly Measurement[]): readonly Reading[] {
  return batch.flatMap(({ quantity, value, measuredMs }) => {
    const known = quantityByCode(quantity);
    return known ? [{ quantity: known.index, measuredMs, steps: Math.round(value * known.stepsPerUnit) }] : [];
  });
}

export async function newKey(algorithm: KeyAlgorithm): Promise<SigningKey> {
  const key = await loadDeviceKey(await generateKeyPem(algorithm));
  if (!key.ok) throw new Error(key.error.detail);
  return key.value;
}

export type SignedBatch = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
};

export async function signBatch(
  key: SigningKey,
  url: string,
  batch: readonly Measurement[],
  nonce: number,
): Promise<SignedBatch> {
  const body = Uint8Array.from(new TextEncoder().encode(writePack(key.did, batch)));
  const createdSeconds = Math.floor(Date.now() / 1000);
  const upload = { url, contentType: SENML_JSON, body, createdSeconds, nonce: nonce.toString(16).padStart(16, '0') };
  return { url, headers: { ...(await signUpload(key, upload)) }, body };
}

export const requestOf = ({ url, headers, body }: SignedBatch): Request =>
  new Request(url, { method: 'POST', headers, body });
