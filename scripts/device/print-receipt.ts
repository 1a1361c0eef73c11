/** A receipt for people. */
import type { ProvisionalFlag, Receipt, ReceiptFlag, RefusedReading } from '../../core/region/receipt.ts';
import type { Uploaded } from '../../sensors/client/upload.ts';
import { bold, dim, done, green, red, yellow } from '../lib/say.ts';

const SEVERITY = { 1: 'good', 2: 'not evaluated', 3: 'suspect', 4: 'fail', 9: 'missing' } as const;
const MAX_LINES = 20;

export function printReceipt(uploaded: Uploaded): void {
  if (uploaded.status === 'expired') {
    done(`accepted long ago under ${uploaded.receipt}; the full receipt is no longer kept`);
    return;
  }
  const { receipt } = uploaded;
  done(uploaded.status === 'accepted' ? 'accepted' : 'accepted before; this is the receipt of then');
  console.log(`  receipt   ${bold(receipt.receipt)}`);
  console.log(`  received  ${receipt.received} in region ${receipt.region}`);
  console.log(`  readings  ${countsOf(receipt)}`);
  printRefused(receipt.readings.refused);
  printFlags(receipt.flags);
  printProvisional(receipt.provisional);
  console.log(dim(`  next batch expected in ${receipt.next.interval} s`));
}

function countsOf({ readings }: Receipt): string {
  const { accepted, duplicate, late, refused } = readings;
  const parts = [`${accepted} accepted${late > 0 ? ` (${late} late: stored, never paid)` : ''}`];
  if (duplicate > 0) parts.push(`${duplicate} known already`);
  if (refused.length > 0) parts.push(red(`${refused.length} refused`));
  return parts.join(', ');
}

export function printRefused(refused: readonly RefusedReading[]): void {
  for (const { quantity, time, code } of refused.slice(0, MAX_LINES)) {
    console.log(`  ${red('refused')}   ${quantity} at ${time}: ${code}`);
  }
  printRest(refused.length);
}

export function printFlags(flags: readonly ReceiptFlag[]): void {
  if (flags.length === 0) console.log(`  flags     ${green('none')}`);
  for (const { quantity, time, test, flag } of flags.slice(0, MAX_LINES)) {
    const paint = flag === 4 ? red : yellow;
    console.log(`  ${paint('flag')}      ${quantity} at ${time}: ${test}, ${paint(SEVERITY[flag])}`);
  }
  printRest(flags.length);
}

/** Only what looks wrong; a hint, so it is worded as one. */
function printProvisional(words: readonly ProvisionalFlag[]): void {
  for (const { quantity, time, test } of words.filter(({ flag }) => flag === 3)) {
    const what =
      test === 'neighbour'
        ? 'lies far from what devices nearby said last hour'
        : 'is not 0, though the wind speed is: WMO reports calm air with direction 0';
    console.log(`  ${yellow('hint')}      ${quantity} at ${time} ${what}`);
  }
}

function printRest(count: number): void {
  if (count > MAX_LINES) console.log(dim(`            and ${count - MAX_LINES} more`));
}
