/** Problems that are no refusal of a batch: routes, queries, the admin commands, and our own failures. */
import type { InvalidId } from '../../core/ids.ts';
import type { WeakKey } from '../../core/signature/weak-key.ts';
import type { ProblemParts } from './problem-parts.ts';

export type EdgeRefusal =
  | { readonly reason: 'unknown-route'; readonly path: string }
  | {
      readonly reason: 'no-such';
      readonly kind: 'region' | 'device' | 'epoch' | 'segment' | 'report' | 'feature' | 'webhook' | 'fork';
      readonly given: string;
    }
  | { readonly reason: 'bad-query'; readonly parameter: string; readonly detail: string }
  | { readonly reason: 'bad-field'; readonly pointer: string; readonly detail: string }
  | { readonly reason: 'unauthorized' }
  /** Whose signature it is, is no secret: the message says what it claims. */
  | { readonly reason: 'bad-sign-in'; readonly detail: string }
  | { readonly reason: 'not-the-owner'; readonly signer: string; readonly owner: string }
  | WeakKey
  | { readonly reason: 'version-conflict'; readonly current: number }
  | { readonly reason: 'region-unavailable' }
  | { readonly reason: 'not-a-websocket' }
  /** `isOwn`: too many from this address, not in all. */
  | { readonly reason: 'live-full'; readonly isOwn: boolean }
  | { readonly reason: 'too-many-webhooks' }
  | { readonly reason: 'internal'; readonly requestId: string };

export function describeEdgeRefusal(refusal: EdgeRefusal): ProblemParts {
  switch (refusal.reason) {
    case 'unknown-route':
      return {
        status: 404,
        code: 'not-found',
        title: 'No such address',
        detail: `There is nothing at ${refusal.path.slice(0, 120)} for this method.`,
        remedy: 'See docs/protocol.md for the routes and their methods.',
      };
    case 'no-such':
      return {
        status: 404,
        code: `no-such-${refusal.kind}`,
        title: `No such ${refusal.kind}`,
        detail: `The network knows no ${refusal.kind} ${refusal.given.slice(0, 80)}.`,
        remedy: `List what there is, and use the id of a ${refusal.kind} from there.`,
      };
    case 'bad-query':
      return {
        status: 400,
        code: 'bad-query',
        title: 'A query parameter is wrong',
        detail: `${refusal.parameter}: ${refusal.detail}`,
        remedy: 'Correct the parameter and ask again.',
        members: { parameter: refusal.parameter },
      };
    case 'bad-field':
      return {
        status: 400,
        code: 'bad-field',
        title: 'A field of the body is wrong',
        detail: `${refusal.pointer}: ${refusal.detail}`,
        remedy: 'Correct the field and send the request again.',
        members: { pointer: refusal.pointer },
      };
    case 'unauthorized':
      return {
        status: 401,
        code: 'unauthorized',
        title: 'The admin token is missing or wrong',
        detail: 'This address needs Authorization: Bearer with the admin token.',
        remedy: 'Send the token that the Worker was given as ADMIN_TOKEN.',
        headers: { 'www-authenticate': 'Bearer' },
      };
    case 'bad-sign-in':
      return {
        status: 401,
        code: 'bad-sign-in',
        title: 'This needs the signature of a wallet',
        detail: `The sign-in does not hold: ${refusal.detail}.`,
        remedy: 'Sign a new EIP-4361 message for this address with the wallet (docs/protocol.md, "Owners").',
        headers: { 'www-authenticate': 'SIWE' },
      };
    case 'not-the-owner':
      return {
        status: 403,
        code: 'not-the-owner',
        title: 'Another wallet has signed',
        detail: `${refusal.signer} has signed, and this is about ${refusal.owner}.`,
        remedy: 'Sign with the wallet of this owner, or ask for your own address.',
      };
    case 'weak-key':
      return {
        status: 422,
        code: 'weak-key',
        title: 'The device key is weak',
        detail: `The key cannot name a device: ${refusal.detail}.`,
        remedy: 'Make a new key with a standard generator, such as openssl genpkey.',
      };
    case 'version-conflict':
      return {
        status: 409,
        code: 'version-conflict',
        title: 'The device was changed in between',
        detail: `The registered version is ${refusal.current}, not the one this change was based on.`,
        remedy: 'Read the device again, repeat the change on its present state, and send the present version.',
        members: { current: refusal.current },
      };
    case 'region-unavailable':
      return {
        status: 503,
        code: 'region-unavailable',
        title: 'The region does not answer',
        detail:
          'The request could not be carried out now. If it was a batch, it is safe to send it again: it counts once.',
        remedy: 'Send the same request again after the seconds in Retry-After.',
        headers: { 'retry-after': '2' },
      };
    case 'not-a-websocket':
      return {
        status: 426,
        code: 'not-a-websocket',
        title: 'This address speaks WebSocket',
        detail: 'The request does not ask for an upgrade to websocket (RFC 6455).',
        remedy: 'Connect with a WebSocket client; the same facts by plain HTTP are at /v1/regions/{cell}.',
        headers: { upgrade: 'websocket' },
      };
    case 'live-full':
      return {
        status: refusal.isOwn ? 429 : 503,
        code: 'live-full',
        title: 'No more subscribers are taken',
        detail: refusal.isOwn
          ? 'This network address holds as many subscriptions to the region as one may.'
          : 'The region has as many subscribers as it can tell.',
        remedy:
          'Share one connection, or ask /v1/regions/{cell} once an hour; try again after the seconds in Retry-After.',
        headers: { 'retry-after': '60' },
      };
    case 'too-many-webhooks':
      return {
        status: 409,
        code: 'too-many-webhooks',
        title: 'This wallet has as many webhooks as it may',
        detail: 'A wallet may have 20 webhooks.',
        remedy: 'Delete one that is no longer needed, or watch several devices, or a whole region, with one.',
      };
    case 'internal':
      return {
        status: 500,
        code: 'internal',
        title: 'Something failed on our side',
        detail: `The request failed for a reason that is in our log under ${refusal.requestId}.`,
        remedy: 'Try again; if it fails again, report the id.',
        members: { requestId: refusal.requestId },
      };
  }
}

/** Words for the one refusal that both tables share. */
export function invalidIdDetail(refusal: InvalidId): string {
  switch (refusal.kind) {
    case 'device':
      return 'A device id is did:key of an Ed25519 key (z6Mk...) or of a P-256 key (zDn...)';
    case 'region':
      return 'A region is an H3 cell of resolution 3: 15 lower-case hex digits';
    case 'place':
      return 'A place is an H3 cell of resolution 7: 15 lower-case hex digits';
    case 'owner':
      return 'An owner is an address of 0x and 40 hex digits';
    case 'epoch':
      return 'An epoch is a whole number from 0';
  }
}
