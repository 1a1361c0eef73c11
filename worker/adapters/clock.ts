/** The edge's clock, in one place so that nothing else reads it. */
export function nowMs(): number {
  return Date.now();
}
