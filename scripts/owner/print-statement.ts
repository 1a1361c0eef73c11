/** A statement as a table: for each device the way from a full weight's amount down to what is paid. */
import type { StatementAnswer, StatementDevice } from '../../schema/api/owners.ts';
import { bold, dim, yellow } from '../lib/say.ts';

const DECIMALS = 18;
/** Widest label, and the widest amount: 8 digits before the point. */
const LABEL = 46;
const AMOUNT = 28;

export function printStatement(answer: StatementAnswer): void {
  for (const line of linesOf(answer)) console.log(line);
}

export function linesOf(answer: StatementAnswer): readonly string[] {
  const { owner, epoch, state, pot, devices, payment, reportHash } = answer;
  return [
    bold(`epoch ${epoch} (${state}), owner ${owner}`),
    dim(`the network's pot: ${tokens(pot.base)} base + ${tokens(pot.demand)} demand = ${tokens(pot.total)} ISO`),
    ...devices.flatMap((device) => ['', ...deviceLines(device)]),
    '',
    row('  base part', answer.base),
    row('  demand part', answer.demand),
    bold(row(`paid for ${devices.length} device-days`, answer.amount)),
    ...(answer.withheld === '0' ? [] : [yellow(row('withheld: quarantined', answer.withheld))]),
    ...salesLines(answer),
    payment === null
      ? dim('nothing is paid to this owner in this epoch')
      : dim(`batch ${payment.batch}, place ${payment.position}; ${transactionsOf(payment)}`),
    dim(`report ${reportHash}; npm run verify:epoch -- --epoch ${epoch} recomputes it`),
  ];
}

function salesLines({ usdc, sales }: StatementAnswer): readonly string[] {
  if (usdc === '0') return [];
  const partOf = ({ part, of, name, units }: StatementAnswer['sales'][number]): string => {
    if (part === 'device') return `${name ?? of ?? ''}: ${units ?? 0} device-quantity-hours sold`;
    return part === 'operator' ? `operator of region ${of ?? ''}` : part;
  };
  return ['', ...sales.map((line) => money(`  ${partOf(line)}`, line.usdc)), bold(money('USDC from sales', usdc))];
}

function deviceLines(device: StatementDevice): readonly string[] {
  const late = device.isLate ? yellow(`, day ${device.epoch}, paid late from the reserve`) : '';
  return [
    `${bold(device.name)}  ${dim(device.device)}${late}`,
    row(`  full score, tier 2, first slot`, device.full),
    ...device.costs.map((cost) => row(`  - ${labelOf(device, cost)}`, `-${cost.amount}`)),
    row('  = earned', device.earned),
    ...(device.withheld === '0' ? [] : [yellow(row('  - withheld: quarantined', `-${device.withheld}`))]),
  ];
}

function labelOf(device: StatementDevice, { part, cause, bps }: StatementDevice['costs'][number]): string {
  switch (part) {
    case 'score':
      return `${cause}${bps === null ? '' : `: ${(bps / 100).toFixed(2)} % of the score`}`;
    case 'weekly':
      return 'weekly score too low to earn';
    case 'tier':
      return `tier ${device.tier}`;
    case 'slot':
      return `slot: rank ${device.rank ?? 'none'} in its density cell`;
    case 'alike':
      return `shares the slot of ${(device.alike ?? '').slice(0, 20)}...`;
  }
}

/** USDC, all digits. */
const money = (label: string, baseUnits: string): string => {
  const digits = baseUnits.padStart(7, '0');
  return `${label.padEnd(LABEL)}${`${digits.slice(0, -6)}.${digits.slice(-6)} USDC`.padStart(AMOUNT)}`;
};

const row = (label: string, baseUnits: string): string => `${label.padEnd(LABEL)}${tokens(baseUnits).padStart(AMOUNT)}`;

/** All digits: the sums of a statement hold to the last unit. */
function tokens(baseUnits: string): string {
  const [sign, digits] = baseUnits.startsWith('-') ? ['-', baseUnits.slice(1)] : ['', baseUnits];
  const padded = digits.padStart(DECIMALS + 1, '0');
  return `${sign}${padded.slice(0, -DECIMALS)}.${padded.slice(-DECIMALS)}`;
}

function transactionsOf({ commitTransaction, mintTransactions }: NonNullable<StatementAnswer['payment']>): string {
  if (commitTransaction === null) return 'not committed yet';
  return mintTransactions.length === 0
    ? `committed in ${commitTransaction}`
    : `minted in ${mintTransactions.join(', ')}`;
}
