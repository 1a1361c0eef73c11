/** Programs of the system that some tests take as judges. Where one is missing the test says so by its name. */
import { execFileSync } from 'node:child_process';

/** The first of the commands that runs, null: none does. */
export function findProgram(...commands: readonly (readonly [string, ...string[]])[]): string | null {
  for (const [program, ...args] of commands) {
    try {
      execFileSync(program, args, { stdio: 'ignore' });
      return program;
    } catch {
      // Not installed, or without what is asked for: the next may do.
    }
  }
  return null;
}
