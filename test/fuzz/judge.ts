/** One input: how it was judged, or what went wrong. */
import type { Label, Target } from './target.ts';

const LABEL_CHARACTERS = 48;

export type Judged = { readonly label: Label; readonly error: string | null };

export async function judge(target: Target, input: Uint8Array): Promise<Judged> {
  try {
    const answer = target.run(input);
    const label = typeof answer === 'string' ? answer : await answer;
    return { label: label.slice(0, LABEL_CHARACTERS), error: null };
  } catch (error) {
    return {
      label: 'failed',
      error: error instanceof Error ? `${error.constructor.name}: ${error.message}` : String(error),
    };
  }
}
