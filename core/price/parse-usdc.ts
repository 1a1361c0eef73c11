/** `1.5` as 1,500,000 base units; null for what is no amount of USDC. At most six decimals, nothing is rounded. */
export function parseUsdc(text: unknown): bigint | null {
  const [, whole, fraction = ''] = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(typeof text === 'string' ? text : '') ?? [];
  return whole === undefined ? null : BigInt(whole + fraction.padEnd(6, '0'));
}
