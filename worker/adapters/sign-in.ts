/**
 * Sign-In with Ethereum (EIP-4361) for one address of the API, without a session: the wallet signs a message that names
 * this host, this chain, this address and an end within minutes. Loads viem, so it is imported on first use.
 */
import { recoverMessageAddress } from 'viem';
import { parseSiweMessage, validateSiweMessage } from 'viem/siwe';
import { parseOwnerAddress, type OwnerAddress } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';

/** A signature is good for this long at most. */
export const MAX_SIGN_IN_SECONDS = 600;
/** Between the wallet's clock and ours. */
const CLOCK_SKEW_SECONDS = 30;

export type BadSignIn = { readonly reason: 'bad-sign-in'; readonly detail: string };

export type Expected = {
  /** Lower-case hosts. */
  readonly authorities: ReadonlySet<string>;
  readonly chainId: number;
  /** Of the address that is asked, without query. */
  readonly path: string;
  /**
   * Of a request that changes something: the message must name it as its Request ID, so that a signature for reading an
   * address never changes what is there. Null: it reads.
   */
  readonly changeBy: 'POST' | 'DELETE' | null;
  readonly nowMs: number;
};

export type SignIn = { readonly address: OwnerAddress; readonly nonce: string; readonly untilMs: number };

const bad = (detail: string): Result<never, BadSignIn> => err({ reason: 'bad-sign-in', detail });

/** @param header `SIWE <base64url of the message>.<signature, 0x hex>` */
export async function readSignIn(header: string, expected: Expected): Promise<Result<SignIn, BadSignIn>> {
  const [, encoded, signature] = /^SIWE ([A-Za-z0-9_-]{1,4000})\.(0x[0-9a-f]{130})$/.exec(header) ?? [];
  if (encoded === undefined || signature === undefined) {
    return bad('the header has the form SIWE <base64url of the message>.<65-byte signature as 0x hex>');
  }
  const text = decode(encoded);
  if (text === null) return bad('the message is not base64url of UTF-8');
  const message = parseSiweMessage(text);
  const signer = parseOwnerAddress(message.address);
  const { nonce, expirationTime } = message;
  if (!signer.ok || message.version !== '1' || nonce === undefined) return bad('the message is not EIP-4361');
  const wrong = checkBinding(message, expected) ?? checkTimes(message, expected.nowMs);
  if (wrong !== null) return bad(wrong);
  if (!validateSiweMessage({ message, time: new Date(expected.nowMs) })) return bad('the message is not valid now');
  const recovered = await recoverMessageAddress({ message: text, signature: signature as `0x${string}` }).catch(
    // Points that are on no curve, and recovery bits that do not exist.
    () => null,
  );
  if (recovered?.toLowerCase() !== signer.value) return bad(`the signature is not of ${signer.value}`);
  return ok({ address: signer.value, nonce, untilMs: expirationTime?.getTime() ?? 0 });
}

type Message = ReturnType<typeof parseSiweMessage>;

/** What was signed for another host, chain or address is worth nothing here. */
function checkBinding({ domain, chainId, uri, requestId }: Message, expected: Expected): string | null {
  if (domain === undefined || !expected.authorities.has(domain.toLowerCase())) {
    return `the domain is not ${[...expected.authorities].join(' or ')}`;
  }
  if (chainId !== expected.chainId) return `the chain id is not ${expected.chainId}`;
  const { changeBy } = expected;
  if (changeBy !== null && requestId !== changeBy) return `this changes something: the Request ID is not ${changeBy}`;
  const url = uri !== undefined && URL.canParse(uri) ? new URL(uri) : null;
  const isThis = url?.host === domain.toLowerCase() && url.pathname === expected.path && url.search === '';
  return isThis ? null : `the URI is not that of ${expected.path} on ${domain}`;
}

/** For reading, nothing is stored and no message is used up: it ends within minutes, and all it opens is one read. */
function checkTimes({ issuedAt, expirationTime }: Message, nowMs: number): string | null {
  const from = issuedAt?.getTime() ?? Number.NaN;
  const until = expirationTime?.getTime() ?? Number.NaN;
  if (Number.isNaN(from) || Number.isNaN(until)) return 'Issued At and Expiration Time are missing or no times';
  if (from > nowMs + CLOCK_SKEW_SECONDS * 1000) return `Issued At is later than ${new Date(nowMs).toISOString()}`;
  if (until - from > MAX_SIGN_IN_SECONDS * 1000) return `it is valid for more than ${MAX_SIGN_IN_SECONDS} s`;
  return nowMs < until ? null : `it expired; it is ${new Date(nowMs).toISOString()} here`;
}

function decode(base64url: string): string | null {
  try {
    const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    // atob for wrong lengths, the decoder for wrong bytes.
    return null;
  }
}
