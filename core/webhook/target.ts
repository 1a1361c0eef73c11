/**
 * Where a message may be sent. The network posts to addresses that strangers name, so whatever could lead to something
 * that is not public is refused (server-side request forgery, OWASP SSRF cheat sheet). Names are not resolved here: on
 * Workers `fetch` leaves from the public edge and reaches no private network, whatever a name resolves to.
 */
import ipaddr from 'ipaddr.js';
import { err, ok, type Result } from '../result.ts';

export type BadTarget = { readonly reason: 'bad-target'; readonly detail: string };

const MAX_CHARACTERS = 500;
const PORTS = ['', '8443'];
/** Special-use domain names (IANA registry: RFC 6761, 6762, 7686, 8375, 9476) and what is used like them. */
const RESERVED = ['localhost', 'local', 'internal', 'test', 'invalid', 'example', 'onion', 'alt', 'arpa', 'lan'];

const bad = (detail: string): Result<never, BadTarget> => err({ reason: 'bad-target', detail });

/**
 * @param own hosts of this network: it does not call itself
 * @param allowLoopback the local network's receivers run on the same machine
 */
export function parseTarget(
  text: unknown,
  own: ReadonlySet<string>,
  allowLoopback: boolean,
): Result<string, BadTarget> {
  if (typeof text !== 'string' || text.length > MAX_CHARACTERS || !URL.canParse(text))
    return bad(`must be an absolute URL of at most ${MAX_CHARACTERS} characters`);
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return bad('must not carry a user or password');
  if (url.hash !== '') return bad('must not have a fragment');
  if (own.has(url.host)) return bad('must not be this network itself');
  // The URL parser has already brought 0x7f.1, 2130706433 and the like into the dotted form.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const isAddress = ipaddr.isValid(host);
  const range = isAddress ? ipaddr.process(host).range() : null;
  if (allowLoopback && range === 'loopback' && /^https?:$/.test(url.protocol)) return ok(url.href);
  if (url.protocol !== 'https:') return bad('must begin with https://');
  if (!PORTS.includes(url.port)) return bad('must use port 443 or 8443');
  if (isAddress) return range === 'unicast' ? ok(url.href) : bad('must be a public address');
  const labels = host.split('.');
  if (labels.length < 2 || RESERVED.includes(labels.at(-1) ?? '')) return bad('must be a public host name');
  return ok(url.href);
}
