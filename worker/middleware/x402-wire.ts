/**
 * x402 v2 on the wire (specs/transports-v2/http.md): three headers of base64 JSON. Read here without x402's own modules,
 * which pull a whole server and a schema library into the start-up of every isolate.
 */
import type { PaymentRequirements } from '@x402/core/types';
import { err, ok, type Result } from '../../core/result.ts';

export const PAYMENT_REQUIRED = 'PAYMENT-REQUIRED';
export const PAYMENT_SIGNATURE = 'PAYMENT-SIGNATURE';
export const PAYMENT_RESPONSE = 'PAYMENT-RESPONSE';

/** A payment by EIP-3009 takes about 1,100 characters; a smart wallet's signature may add some. */
const MAX_HEADER_CHARACTERS = 8192;

export type ReadPayment = {
  /** JSON text, for the settler. */
  readonly text: string;
  readonly accepted: PaymentRequirements;
  /** Lower case. */
  readonly payer: string;
  readonly nonce: string;
  readonly validBeforeSeconds: number;
};

export type MalformedPayment = { readonly reason: 'malformed-payment'; readonly detail: string };

const malformed = (detail: string): Result<never, MalformedPayment> => err({ reason: 'malformed-payment', detail });

export function encodeWire(value: object): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))));
}

/** Null: there is none, or it is no JSON object. */
export function decodeWire(header: string | null): Readonly<Record<string, unknown>> | null {
  const json = header === null ? null : parseJson(decodeBase64(header) ?? '');
  return isRecord(json) ? json : null;
}

export function readPayment(header: string): Result<ReadPayment, MalformedPayment> {
  if (header.length > MAX_HEADER_CHARACTERS) return malformed(`longer than ${MAX_HEADER_CHARACTERS} characters`);
  const text = decodeBase64(header);
  if (text === null) return malformed('not base64 of UTF-8');
  const json = parseJson(text);
  if (!isRecord(json)) return malformed('not a JSON object');
  if (json['x402Version'] !== 2) return malformed('x402Version must be 2');
  const { accepted, payload } = json;
  if (!isRequirements(accepted)) return malformed('`accepted` must repeat what was offered in PAYMENT-REQUIRED');
  if (!isRecord(payload) || !isHex(payload['signature'])) return malformed('`payload.signature` must be hex');
  const authorization = payload['authorization'];
  if (!isRecord(authorization)) return malformed('`payload.authorization` is missing: only EIP-3009 is accepted');
  const { from, to, value, validAfter, validBefore, nonce } = authorization;
  if (!isAddress(from) || !isAddress(to)) return malformed('`authorization.from` and `to` must be addresses');
  if (![value, validAfter, validBefore].every(isDecimal))
    return malformed('`authorization` holds a number that is not decimal');
  if (typeof nonce !== 'string' || !/^0x[0-9a-fA-F]{64}$/.test(nonce))
    return malformed('`authorization.nonce` must be 32 bytes');
  return ok({
    text,
    accepted,
    payer: from.toLowerCase(),
    nonce: nonce.toLowerCase(),
    validBeforeSeconds: Math.min(Number(validBefore), Number.MAX_SAFE_INTEGER),
  });
}

function decodeBase64(text: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(text.trim()), (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRequirements(value: unknown): value is PaymentRequirements {
  if (!isRecord(value) || !isRecord(value['extra'])) return false;
  const { scheme, network, asset, amount, payTo, maxTimeoutSeconds } = value;
  return (
    typeof scheme === 'string' &&
    typeof network === 'string' &&
    isAddress(asset) &&
    isAddress(payTo) &&
    isDecimal(amount) &&
    typeof maxTimeoutSeconds === 'number'
  );
}

function isAddress(value: unknown): value is string {
  return typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value);
}

/** uint256 has at most 78 digits. */
function isDecimal(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,78}$/.test(value);
}

function isHex(value: unknown): value is string {
  return typeof value === 'string' && /^0x([0-9a-fA-F]{2})+$/.test(value);
}
