/**
 * Every way in which a batch can be refused, with its facts. worker/middleware/problem.ts renders them in one exhaustive
 * switch; signature failures are told apart only in the log.
 */
import type { InvalidId } from './ids.ts';

export type IngestRefusal = RequestRefusal | SignatureRefusal | PackRefusal | RegionRefusal;

/** Before anything is verified. */
export type RequestRefusal =
  | InvalidId
  | { readonly reason: 'wrong-content-type'; readonly given: string | null }
  | { readonly reason: 'unsupported-encoding'; readonly given: string }
  | { readonly reason: 'body-too-large'; readonly limitBytes: number }
  | { readonly reason: 'inflated-too-large'; readonly limitBytes: number }
  | { readonly reason: 'bad-gzip' }
  | { readonly reason: 'unknown-ingest-address' };

export type SignatureRefusal =
  | { readonly reason: 'unsigned'; readonly missing: 'signature' | 'signature-input' | 'content-digest' }
  | { readonly reason: 'malformed-signature'; readonly detail: string }
  | { readonly reason: 'weak-coverage'; readonly missing: string }
  | { readonly reason: 'wrong-authority'; readonly given: string }
  | { readonly reason: 'bad-nonce'; readonly given: string }
  | { readonly reason: 'clock-skew'; readonly createdSeconds: number; readonly serverSeconds: number }
  | { readonly reason: 'wrong-digest' }
  | { readonly reason: 'wrong-key' }
  | { readonly reason: 'wrong-signature' };

export type PackRefusal =
  | { readonly reason: 'not-json'; readonly detail: string }
  | { readonly reason: 'not-cbor'; readonly detail: string }
  | { readonly reason: 'not-senml'; readonly record: number; readonly detail: string }
  | { readonly reason: 'empty-pack' }
  | { readonly reason: 'too-many-records'; readonly count: number; readonly limit: number }
  | { readonly reason: 'unknown-quantity'; readonly record: number; readonly given: string }
  | {
      readonly reason: 'unknown-unit';
      readonly record: number;
      readonly quantity: string;
      readonly given: string;
      readonly accepted: readonly string[];
    }
  | { readonly reason: 'not-a-number'; readonly record: number; readonly given: string }
  | { readonly reason: 'out-of-type'; readonly record: number; readonly quantity: string; readonly given: number }
  | { readonly reason: 'wrong-base-name'; readonly record: number; readonly given: string };

/** Decided by the region object. */
export type RegionRefusal =
  | { readonly reason: 'unknown-device'; readonly device: string }
  | { readonly reason: 'retired-device'; readonly device: string }
  | { readonly reason: 'wrong-region'; readonly owner: string | null }
  | { readonly reason: 'region-not-open'; readonly cell: string }
  | { readonly reason: 'nonce-reused'; readonly nonce: string }
  | { readonly reason: 'nonce-too-old'; readonly nonce: string; readonly highest: string };

export type MaintenanceRefusal =
  | { readonly reason: 'maintenance-over'; readonly untilMs: number; readonly receivedMs: number }
  | { readonly reason: 'maintenance-too-far'; readonly untilMs: number; readonly latestMs: number }
  | { readonly reason: 'too-many-windows'; readonly limit: number };

/** A row of the registry is another one than was looked at. */
export type RowChanged = { readonly reason: 'version-conflict'; readonly current: number };

export type SuccessionRefusal =
  | { readonly reason: 'too-many-keys'; readonly limit: number }
  | { readonly reason: 'already-rotated'; readonly device: string };
