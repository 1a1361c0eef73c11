/** Lines for people. Color only where a terminal shows it. */
const colored = process.stdout.isTTY && !process.env['NO_COLOR'];
const paint = (code: number, text: string) => (colored ? `\x1b[${code}m${text}\x1b[0m` : text);

export const green = (text: string): string => paint(32, text);
export const red = (text: string): string => paint(31, text);
export const yellow = (text: string): string => paint(33, text);
export const dim = (text: string): string => paint(2, text);
export const bold = (text: string): string => paint(1, text);

export function done(what: string, sinceMs?: number): void {
  const took = sinceMs === undefined ? '' : dim(` ${((Date.now() - sinceMs) / 1000).toFixed(1)} s`);
  console.log(`${green('✓')} ${what}${took}`);
}

export function failed(what: string): void {
  console.error(`${red('✗')} ${what}`);
}

/** An expected failure of a command: one sentence that says what is wrong and what to do about it. */
export class Refusal extends Error {}

/** `| head` has read enough: nothing is wrong. */
export function endQuietlyAfterPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

/** Runs a command; a `Refusal` becomes one line and exit code 1, anything else is a bug and keeps its stack. */
export async function runCommand(command: () => Promise<void> | void): Promise<void> {
  endQuietlyAfterPipe();
  try {
    await command();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    failed(error.message);
    process.exitCode = 1;
  }
}

/** True where the file was started by node itself, not imported. */
export function isMain(url: string): boolean {
  return process.argv[1] !== undefined && url === new URL(`file://${process.argv[1]}`).href;
}
