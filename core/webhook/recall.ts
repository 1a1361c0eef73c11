/**
 * Which purchases a recall touches. What was bought before its hour was judged may turn out false, and an operator may
 * recall data that was judged good at its time.
 */
import type { JudgedHour } from './crossing.ts';
import { FAIL, SUSPECT } from '../reading/reading.ts';

/** Which hours a sale was about, where it was about hours: what a recall of them has to know. */
export type Bought = {
  /** Codes of the catalogue. */
  readonly quantities: readonly string[];
  /** Half-open. */
  readonly fromMs: number;
  readonly untilMs: number;
};

export type Purchase = {
  /** Id of the sale. */
  readonly sale: string;
  readonly soldMs: number;
  /** Devices that served it with good hours. */
  readonly devices: readonly string[];
  /** Indexes of the catalogue. */
  readonly quantities: readonly number[];
  /** Half-open. */
  readonly fromMs: number;
  readonly untilMs: number;
};

/** By an operator, with a reason for the public. */
export type Recall = {
  readonly id: string;
  readonly device: string;
  /** Indexes of the catalogue, null: everything it measured. */
  readonly quantities: readonly number[] | null;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly reason: string;
  readonly createdMs: number;
};

export function isTouched(purchase: Purchase, recall: Omit<Recall, 'id' | 'reason' | 'createdMs'>): boolean {
  const { quantities } = recall;
  return (
    purchase.devices.includes(recall.device) &&
    purchase.fromMs < recall.untilMs &&
    recall.fromMs < purchase.untilMs &&
    (quantities === null || quantities.some((quantity) => purchase.quantities.includes(quantity)))
  );
}

/** Of an hour that was sold before it was judged: what its verdict calls suspect or worse. */
export function falseHours(purchase: Purchase, hours: readonly JudgedHour[]): readonly JudgedHour[] {
  return hours.filter(
    ({ device, quantity, flag }) =>
      (flag === SUSPECT || flag === FAIL) &&
      purchase.devices.includes(device) &&
      purchase.quantities.includes(quantity),
  );
}
