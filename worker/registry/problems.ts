/** What the registry refuses, in words. Who has signed is no secret here: an act names its signers. */
import type { IngestRefusal, MaintenanceRefusal, SuccessionRefusal } from '../../core/errors.ts';
import type { ActRefusal } from '../../core/lifecycle/rules.ts';
import { ISSUED_AHEAD_SECONDS, ISSUED_WINDOW_SECONDS, WAITING_SECONDS } from '../../core/lifecycle/rules.ts';
import { POSITION_HEADER } from '../../core/lifecycle/position.ts';
import { rfc3339 } from '../../core/time.ts';
import { logLine } from '../../durable-objects/log.ts';
import type { EdgeRefusal } from '../middleware/edge-problems.ts';
import type { ProblemParts } from '../middleware/problem-parts.ts';
import { describeRefusal, problemResponse } from '../middleware/problem.ts';
import type { RegistryContext } from './env.ts';

export type LifecycleRefusal =
  | ActRefusal
  | MaintenanceRefusal
  | SuccessionRefusal
  | { readonly reason: 'wrong-owner-signature'; readonly expected: string; readonly recovered: string | null }
  | { readonly reason: 'device-signature-missing'; readonly device: string }
  | { readonly reason: 'position-missing' }
  | { readonly reason: 'wrong-position'; readonly expected: string }
  | { readonly reason: 'wrong-place'; readonly field: 'region' | 'place'; readonly expected: string }
  | { readonly reason: 'already-claimed'; readonly device: string }
  | { readonly reason: 'no-waiting-claim'; readonly device: string }
  | { readonly reason: 'region-full'; readonly cell: string; readonly limit: number }
  | { readonly reason: 'registry-busy' };

export type RegistryRefusal = LifecycleRefusal | EdgeRefusal | IngestRefusal;

export function refuse(c: RegistryContext, refusal: RegistryRefusal): Response {
  const parts = describeRegistryRefusal(refusal);
  logLine({ requestId: c.var.requestId, code: parts.code, status: parts.status, reason: refusal.reason });
  return problemResponse(parts);
}

export function describeRegistryRefusal(refusal: RegistryRefusal): ProblemParts {
  switch (refusal.reason) {
    case 'wrong-content-type':
      return {
        status: 415,
        code: refusal.reason,
        title: 'The body is not JSON',
        detail: `The Content-Type is ${refusal.given ?? 'missing'}.`,
        remedy: 'Send application/json.',
      };
    // The words for a batch would mislead.
    case 'unsupported-encoding':
      return { ...describeRefusal(refusal), remedy: 'Send the body as it is.' };
    case 'body-too-large':
      return {
        ...describeRefusal(refusal),
        title: 'The body is too large',
        remedy: 'Send the act and its signatures alone.',
      };
    case 'weak-coverage':
      return {
        ...describeRefusal(refusal),
        remedy: 'Cover what docs/protocol.md, "Lifecycle", names for this request, with created, keyid and nonce.',
      };
    case 'act-clock':
      return {
        status: 401,
        code: refusal.reason,
        title: 'The act is not of now',
        detail: `issuedAt is ${refusal.issuedAt}; it is ${refusal.serverSeconds} here, and ${ISSUED_WINDOW_SECONDS} s late and ${ISSUED_AHEAD_SECONDS} s early are allowed.`,
        remedy: 'Set the clock, then sign the act again with the present time.',
        members: { serverTime: rfc3339(refusal.serverSeconds * 1000) },
      };
    case 'stale-act':
      return {
        status: 409,
        code: refusal.reason,
        title: 'The device has had a later act',
        detail: `issuedAt is ${refusal.issuedAt}; the latest act of this device was issued at ${refusal.latest}.`,
        remedy: 'See /v1/registry/devices/{device}/events; if this one is still wanted, sign it again.',
        members: { latest: refusal.latest },
      };
    case 'wrong-owner-signature':
      return {
        status: 401,
        code: refusal.reason,
        title: "The owner's signature does not hold",
        detail:
          refusal.recovered === null
            ? `It is no signature of this act; ${refusal.expected} was to sign.`
            : `It is of ${refusal.recovered}, or of other data; ${refusal.expected} was to sign.`,
        remedy:
          'Sign these very fields as EIP-712 typed data, for this chain and contract. Contract wallets cannot own.',
        members: { expected: refusal.expected },
      };
    case 'device-signature-missing':
      return {
        status: 401,
        code: refusal.reason,
        title: 'A device has to sign this request',
        detail: `There is no signature of ${refusal.device}.`,
        remedy: 'Sign the request with its key as a batch is signed (docs/protocol.md, "Lifecycle").',
        members: { device: refusal.device },
      };
    case 'position-missing':
      return {
        status: 400,
        code: refusal.reason,
        title: 'The exact position is missing',
        detail: 'It is neither in the request nor in a half that waits here.',
        remedy: `Send it as JSON in the header ${POSITION_HEADER}: the body of this request is published, the position is not.`,
      };
    case 'wrong-position':
      return {
        status: 422,
        code: refusal.reason,
        title: 'This is not the position that was signed',
        detail: `Position and salt give the commitment ${refusal.expected}.`,
        remedy: 'Send the position and the salt of which the act holds the commitment.',
        members: { expected: refusal.expected },
      };
    case 'wrong-place':
      return {
        status: 422,
        code: refusal.reason,
        title: `The ${refusal.field} is not that of the position`,
        detail: `The ${refusal.field} of the position is ${refusal.expected}.`,
        remedy: `Sign the act again with ${refusal.field} ${refusal.expected}.`,
        members: { pointer: `/act/${refusal.field}`, expected: refusal.expected },
      };
    case 'already-claimed':
      return {
        status: 409,
        code: refusal.reason,
        title: 'The device is registered already',
        detail: `${refusal.device} has an owner, or had one and is retired.`,
        remedy: 'Its owner transfers it, moves it or rotates its key; a new device has a new key.',
      };
    case 'no-waiting-claim':
      return {
        status: 404,
        code: refusal.reason,
        title: 'No claim is waiting',
        detail: `No owner's half for ${refusal.device} came within the last ${WAITING_SECONDS / 3600} hours.`,
        remedy: "Open the device's claim link with the owner's wallet, then ask again.",
      };
    case 'maintenance-over':
      return {
        status: 422,
        code: refusal.reason,
        title: 'The window is over',
        detail: `It ends ${rfc3339(refusal.untilMs)}; it is ${rfc3339(refusal.receivedMs)} here.`,
        remedy: 'Announce maintenance before it begins: it counts from its receipt.',
      };
    case 'maintenance-too-far':
      return {
        status: 422,
        code: refusal.reason,
        title: 'The window ends too late',
        detail: `It ends ${rfc3339(refusal.untilMs)}; ${rfc3339(refusal.latestMs)} is the latest.`,
        remedy: 'Announce it nearer to its time, or a shorter one.',
        members: { latest: rfc3339(refusal.latestMs) },
      };
    case 'too-many-windows':
      return {
        status: 409,
        code: refusal.reason,
        title: 'Too many windows of maintenance',
        detail: `${refusal.limit} are kept of a device, until no reading can fall into them any more.`,
        remedy: 'Move the end of a window that is announced: the same from, another until.',
      };
    case 'too-many-keys':
      return {
        status: 409,
        code: refusal.reason,
        title: 'The device has had too many keys',
        detail: `${refusal.limit} former keys are kept of a device, and none is forgotten.`,
        remedy: 'Retire it, and claim it as a new device with a new key.',
      };
    case 'already-rotated':
      return {
        status: 409,
        code: refusal.reason,
        title: 'The key was changed today already',
        detail: `${refusal.device} took over within this day of its region; keys alone may change it once a day.`,
        remedy: 'Wait for the next day, or let the owner sign in place of the old key.',
      };
    case 'region-full':
      return {
        status: 409,
        code: refusal.reason,
        title: 'The region is full',
        detail: `Region ${refusal.cell} holds ${refusal.limit} devices, those that are retired among them.`,
        remedy: 'Ask its operator.',
        members: { limit: refusal.limit },
      };
    case 'registry-busy':
      return {
        status: 503,
        code: refusal.reason,
        title: 'Too many places are being settled at once',
        detail: 'Nothing was changed.',
        remedy: 'Send the same request again.',
        headers: { 'retry-after': '1' },
      };
    default:
      return describeRefusal(refusal);
  }
}
