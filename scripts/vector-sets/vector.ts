/** What a vector is, and the world in which a set of them is made: the published one, or a running network's. */
import type { VectorKey } from './keys.ts';

export type Reading = {
  readonly quantity: string;
  /** RFC 3339, milliseconds. */
  readonly time: string;
  /** In the canonical unit, at the quantity's resolution. */
  readonly value: number;
  readonly unit: string;
};

export type RefusedReading = { readonly quantity: string; readonly time: string; readonly code: string };

export type Expected =
  | {
      readonly verdict: 'accepted';
      readonly status: 201;
      readonly device: string;
      readonly nonce: string;
      /** SHA-256 that the batch is known by, beside device and nonce: base64. */
      readonly digest: string;
      /** The digest that it names of the batch before it: base64. */
      readonly previous?: string;
      readonly readings: readonly Reading[];
      /** Readings that the receipt refuses while the batch counts. */
      readonly refused?: readonly RefusedReading[];
    }
  | { readonly verdict: 'repeated'; readonly status: 200 }
  | {
      readonly verdict: 'refused';
      readonly status: number;
      readonly code: string;
      /** Members of the problem beside the standard ones. */
      readonly members?: Readonly<Record<string, unknown>>;
    };

export type Vector = {
  readonly name: string;
  readonly says: string;
  readonly method: 'POST';
  readonly authority: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** base64 */
  readonly body: string;
  /** So many spaces (0x20) follow: too many to write down. */
  readonly bodyPadding?: number;
  /** Unix seconds of the judge's clock. */
  readonly now: number;
  /** Names of vectors of this file that were accepted before. Without it, the device is active and has sent nothing. */
  readonly after?: readonly string[];
  readonly expected: Expected;
};

export type World = {
  readonly nowSeconds: number;
  readonly authority: string;
  readonly key: VectorKey;
  readonly stranger: VectorKey;
  /** The ingest address given to `key`. */
  readonly path: string;
  /** Given to `stranger`, in the same region. */
  readonly strangerPath: string;
  /** How long judging may take: what lies at a limit in time stays that far within it. */
  readonly slackSeconds: number;
};

export const refused = (status: number, code: string, members?: Readonly<Record<string, unknown>>): Expected => ({
  verdict: 'refused',
  status,
  code,
  ...(members && { members }),
});

export const isoOf = (seconds: number): string => new Date(Math.round(seconds * 1000)).toISOString();
export const nonceOf = (count: number): string => (0x1000 + count).toString(16).padStart(16, '0');

/** As a spread, but no name may be lost to another of its kind. */
export function together<T>(...sets: readonly Readonly<Record<string, T>>[]): Readonly<Record<string, T>> {
  const names = sets.flatMap((set) => Object.keys(set));
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`two vectors are called "${twice}"`);
  return Object.assign({}, ...sets) as Record<string, T>;
}
