/** Makes a failing input smaller while it fails in the same way: pieces are left out, halves first, single bytes last. */
import { replaced } from './bytes.ts';
import { judge } from './judge.ts';
import type { Target } from './target.ts';

const MOST_TRIES = 3000;

export async function shrink(target: Target, input: Uint8Array, error: string): Promise<Uint8Array> {
  const kind = kindOf(error);
  let small = input;
  let tries = 0;
  for (let size = Math.ceil(input.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < small.length && tries < MOST_TRIES;) {
      const candidate = replaced(small, from, Math.min(small.length, from + size), new Uint8Array());
      tries++;
      const judged = await judge(target, candidate);
      if (judged.error !== null && kindOf(judged.error) === kind) small = candidate;
      else from += size;
    }
  }
  return small;
}

/** Messages quote the input; what comes before the first quote or number names the kind. */
function kindOf(error: string): string {
  return error.replace(/["'`\d].*$/s, '');
}
