/** What a node means when it refuses raw bytes. Texts differ between geth, reth and anvil; unknown ones stop the sending. */

export type SendReply =
  /** Taken now, or the node has had it before: its receipt tells the rest. */
  { readonly kind: 'sent' } | { readonly kind: 'known' } | { readonly kind: 'refused'; readonly message: string };

const ALREADY_THERE = /already known|already imported|already exists|known transaction/i;
const ALREADY_USED = /nonce (?:is )?too low/i;

export function classifyRefusal(message: string): SendReply {
  return ALREADY_THERE.test(message) || ALREADY_USED.test(message) ? { kind: 'known' } : { kind: 'refused', message };
}
