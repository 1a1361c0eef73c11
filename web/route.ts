/** What the address bar points at, so that a view can be shared as a link. */
export type Route =
  | { readonly kind: 'home' }
  | { readonly kind: 'region'; readonly cell: string }
  | { readonly kind: 'station'; readonly device: string }
  | { readonly kind: 'epoch'; readonly epoch: number };

export const regionLink = (cell: string): string => `#region/${encodeURIComponent(cell)}`;
// Colons may stand in a fragment (RFC 3986 section 3.5); did:key reads better with them.
export const stationLink = (device: string): string => `#station/${encodeURIComponent(device).replaceAll('%3A', ':')}`;
export const epochLink = (epoch: number): string => `#epoch/${epoch}`;

/** Null for the anchors of the page's own sections: they move the view and change nothing else. */
export function parseRoute(fragment: string): Route | null {
  const [kind, given] = fragment.replace(/^#/, '').split('/');
  if (kind === '') return { kind: 'home' };
  if (given === undefined || given === '') return null;
  const value = decode(given);
  if (kind === 'region') return { kind, cell: value };
  if (kind === 'station') return { kind, device: value };
  if (kind === 'epoch' && /^\d{1,15}$/.test(value)) return { kind, epoch: Number(value) };
  return null;
}

function decode(given: string): string {
  try {
    return decodeURIComponent(given);
  } catch {
    // A stray percent sign in a hand-written link: take it as it stands.
    return given;
  }
}
