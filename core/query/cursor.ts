/**
 * Where the next page begins, sealed so that only our own cursors are taken, and only with the query they came from. The seal is
 * no secret's guard: a cursor says nothing that the page before did not.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { base64urlnopad } from '@scure/base';
import { err, ok, type Result } from '../result.ts';
import type { QueryRefusal } from './errors.ts';

/** The key signs several kinds of things; this tells them apart. */
const PURPOSE = 'isobar cursor v1';
const SEAL_CHARACTERS = 32;
const MAX_CHARACTERS = 1000;

export type Position = readonly (string | number)[];

/** `query`: the canonical form without the cursor. */
export function sealCursor(key: string, query: string, position: Position): string {
  const body = base64urlnopad.encode(utf8ToBytes(JSON.stringify(position)));
  return `${body}.${sealOf(key, query, body)}`;
}

export function openCursor(key: string, query: string, cursor: string): Result<Position, QueryRefusal> {
  const [body = '', seal = '', ...more] = cursor.length > MAX_CHARACTERS ? [] : cursor.split('.');
  if (body === '' || more.length > 0 || seal !== sealOf(key, query, body)) return err({ reason: 'bad-cursor' });
  return ok(JSON.parse(new TextDecoder().decode(base64urlnopad.decode(body))) as Position);
}

function sealOf(key: string, query: string, body: string): string {
  const message = [PURPOSE, query, body].join('\n');
  return bytesToHex(hmac(sha256, utf8ToBytes(key), utf8ToBytes(message))).slice(0, SEAL_CHARACTERS);
}
