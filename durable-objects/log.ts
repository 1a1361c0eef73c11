/** One JSON line. Never keys, tokens, bodies or signatures. */
export function logLine(fields: Readonly<Record<string, unknown>>): void {
  // oxlint-disable-next-line no-console -- this is the log: Workers keep what the console is given
  console.log(JSON.stringify(fields));
}
