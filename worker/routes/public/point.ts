/** The public point of a device, the centre of its place, as every answer writes it. */
import type { DeviceRow } from '../../adapters/d1/public.ts';

export function pointOf({
  latitudeE5,
  longitudeE5,
  elevationM,
}: Pick<DeviceRow, 'latitudeE5' | 'longitudeE5' | 'elevationM'>) {
  return { latitude: latitudeE5 / 1e5, longitude: longitudeE5 / 1e5, elevationM };
}
