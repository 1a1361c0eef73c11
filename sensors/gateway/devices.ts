/** Finds the device that a request is from. Compared are digests, all of them, in constant time. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { err, ok, type Result } from '../../core/result.ts';
import type { FormatName } from './formats/all.ts';
import type { Claim } from './report.ts';

type Known<T> = {
  readonly format: FormatName;
  readonly id: Buffer;
  readonly secret: Buffer | null;
  readonly device: T;
};
export type NotFound = { readonly reason: 'unknown-device' | 'wrong-secret'; readonly id: string };

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export class Devices<T> {
  readonly #known: readonly Known<T>[];

  constructor(devices: readonly { readonly format: FormatName; readonly claim: Claim; readonly device: T }[]) {
    this.#known = devices.map(({ format, claim, device }) => ({
      format,
      id: digest(claim.id),
      secret: claim.secret === null ? null : digest(claim.secret),
      device,
    }));
  }

  find(format: FormatName, claim: Claim): Result<T, NotFound> {
    const id = digest(claim.id);
    const secret = digest(claim.secret ?? '');
    let found: Known<T> | null = null;
    let isRight = false;
    for (const known of this.#known) {
      const sameId = timingSafeEqual(known.id, id);
      const sameSecret = timingSafeEqual(known.secret ?? secret, secret);
      if (known.format !== format || !sameId) continue;
      found = known;
      isRight = sameSecret;
    }
    if (found === null) return err({ reason: 'unknown-device', id: claim.id });
    return isRight ? ok(found.device) : err({ reason: 'wrong-secret', id: claim.id });
  }
}
