/** A question before something that cannot be taken back. */
import { createInterface } from 'node:readline/promises';
import { Refusal } from './say.ts';

/** Refused where nobody can answer: a script must say --yes. */
export async function confirm(question: string, isAgreed: boolean): Promise<void> {
  if (isAgreed) return;
  if (!process.stdin.isTTY) throw new Refusal(`${question} Nobody is at this terminal to answer: give --yes to agree`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new Refusal('nothing was done');
  } finally {
    terminal.close();
  }
}
