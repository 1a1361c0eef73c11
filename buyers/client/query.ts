/** What is bought, and its name: two requests that ask for the same thing have the same name, so only one is paid for. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

export type Query = {
  readonly url: string;
  /** GET if left out. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** Headers that decide what the answer is. */
const TELLING = ['accept', 'content-type'];

/** Hex. The order of parameters and the fragment say nothing; the order of one parameter's values may. */
export function nameQuery({ url, method = 'GET', headers = {}, body = '' }: Query): string {
  const canonical = new URL(url);
  canonical.hash = '';
  canonical.searchParams.sort();
  const given = new Headers(headers);
  const parts = [
    method.toUpperCase(),
    canonical.href,
    ...TELLING.map((name) => given.get(name) ?? ''),
    bytesToHex(sha256(utf8ToBytes(body))),
  ];
  return bytesToHex(sha256(utf8ToBytes(parts.join('\n'))));
}
