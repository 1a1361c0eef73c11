/** One measured value as the network stores it. */
export type Reading = {
  /** Index in the catalogue (quantity.ts). */
  readonly quantity: number;
  /** Time of measurement, milliseconds since the Unix epoch. */
  readonly measuredMs: number;
  /** Value in resolution steps of its quantity. */
  readonly steps: number;
};

/** QARTOD primary flags (IOOS QARTOD manual, ioos_qc `QartodFlags`). */
export type Flag = 1 | 2 | 3 | 4 | 9;
export const GOOD = 1;
export const NOT_EVALUATED = 2;
export const SUSPECT = 3;
export const FAIL = 4;
