/** The device's counter: 64 bits, 16 lower-case hex digits, strictly rising. */
const NONCE = /^[0-9a-f]{16}$/;

export function isNonce(text: string): boolean {
  return NONCE.test(text);
}

/**
 * The next nonce after `previous`. At least the clock in milliseconds, so that a device that lost its state still goes on
 * above everything it ever used; at least one more than before, so that a clock set back does no harm.
 */
export function nextNonce(previous: string | null, nowMs: number): string {
  const afterPrevious = previous === null ? 0n : BigInt(`0x${previous}`) + 1n;
  const byClock = BigInt(Math.max(1, Math.floor(nowMs)));
  return (afterPrevious > byClock ? afterPrevious : byClock).toString(16).padStart(16, '0');
}
