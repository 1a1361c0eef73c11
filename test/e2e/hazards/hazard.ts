import type { Edit } from '../../support/planted.ts';
import type { Bed } from './bed.ts';

/** A way in which x402 loses somebody's money or data. */
export type Hazard = {
  readonly name: string;
  /** Plays it. @return what went wrong, in words */
  readonly play: (bed: Bed) => Promise<readonly string[]>;
  /** Each alone keeps something of it from happening: without it, `play` finds something wrong. */
  readonly guards: readonly Guard[];
};

export type Guard = { readonly name: string; readonly without: readonly Edit[] };
