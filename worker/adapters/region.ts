/** Calls of a region object, with the one retry that is safe: every method of a region is idempotent. */
import type { RegionCell } from '../../core/ids.ts';
import { err, type Result } from '../../core/result.ts';
import type { RegionApi } from '../../durable-objects/region/api.ts';
import type { Region } from '../../durable-objects/region/region.ts';
import { regionStub } from '../../durable-objects/stub.ts';
import { logLine } from '../../durable-objects/log.ts';

export type RegionUnavailable = { readonly reason: 'region-unavailable' };

export async function callRegion<T, E>(
  namespace: DurableObjectNamespace<Region>,
  cell: RegionCell,
  call: (region: RegionApi) => Promise<Result<T, E>>,
): Promise<Result<T, E | RegionUnavailable>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // A stub that has thrown is broken for good: each attempt takes a fresh one.
      return await call(regionStub(namespace, cell));
    } catch (error) {
      // Errors of the runtime, not of the region's rules: those are values. Overload is not helped by asking again.
      const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
      logLine({ code: 'region-call-failed', region: cell, attempt, retryable, overloaded, message: String(error) });
      if (attempt === 2 || retryable !== true || overloaded === true) return err({ reason: 'region-unavailable' });
    }
  }
}
