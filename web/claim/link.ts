/** The link that a device shows: `/claim#device=did:key:...&code=...`. What stands behind the # never reaches a server. */
export type ClaimLink = { readonly device: string; readonly code: string };

/** Null where the link is not whole. */
export function parseClaimLink(fragment: string): ClaimLink | null {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const device = given.get('device') ?? '';
  const code = (given.get('code') ?? '').toLowerCase();
  const isWhole = /^did:key:z[1-9A-HJ-NP-Za-km-z]{40,60}$/.test(device) && /^[0-9a-f]{32}$/.test(code);
  return isWhole ? { device, code } : null;
}
