/** Planted bugs: what the chaos must find. They exist only in bundles made at test time; nothing of them ships. */

export type Edit = { readonly file: string; readonly from: string; readonly to: string };
export type Plant = { readonly name: string; readonly edits: readonly Edit[] };
