/** The state of a device for people. */
import { bold, dim, green, red, yellow } from '../lib/say.ts';
import type { DeviceStatus } from './device-status.ts';
import { stateFileOf } from './state.ts';

const MAX_EVENTS = 8;
const MAX_FLAGS = 8;
const SEVERITY = { 3: 'suspect', 4: 'fail' } as const;

export function linesOf(status: DeviceStatus): readonly string[] {
  const { device, registered, keyFile } = status;
  const title = registered === null ? device : `${registered.name}  ${device}`;
  return [
    bold(title),
    ...healthLines(status),
    ...verdictLines(status),
    ...payLines(status),
    ...eventLines(status),
  ].concat(
    registered === null && keyFile !== null
      ? [dim(`Next: npm run device -- claim --key ${keyFile} --lat N --lon N`)]
      : [],
  );
}

function row(label: string, ...lines: readonly string[]): readonly string[] {
  return lines.map((line, at) => `  ${(at === 0 ? label : '').padEnd(13)} ${line}`);
}

function healthLines(status: DeviceStatus): readonly string[] {
  const { registered, ingestUrl, lastReceipt, isBatchWaiting, api } = status;
  const receipt =
    lastReceipt === null
      ? dim('none from here')
      : `${lastReceipt.receipt} of ${lastReceipt.received}: ${lastReceipt.accepted} accepted` +
        (lastReceipt.refused > 0 ? `, ${red(`${lastReceipt.refused} refused`)}` : '') +
        (lastReceipt.flags.length === 0 ? ', no flag' : `, ${yellow(`${lastReceipt.flags.length} flags`)}`);
  return [
    ...row('network', api),
    ...(registered === null
      ? row('status', yellow('not claimed: the network does not know it'))
      : [
          ...row('status', statusText(registered.status)),
          ...row('owner', registered.owner),
          ...row('place', `cell ${registered.place} in region ${registered.region}, tier ${registered.tier}`),
          ...positionLines(status),
        ]),
    ...(ingestUrl === null ? [] : row('posts to', ingestUrl)),
    ...row('last receipt', receipt),
    ...(isBatchWaiting ? row('queue', yellow('one batch waits; it goes out first with the next send')) : []),
  ];
}

function positionLines({ isPositionKept, keyFile }: DeviceStatus): readonly string[] {
  if (isPositionKept === null || keyFile === null) return [];
  return row(
    'position',
    isPositionKept
      ? `private; ${stateFileOf(keyFile)} has it with the salt of its public digest`
      : yellow('not kept here: only who has it and its salt can show what the public digest stands for'),
  );
}

function statusText(status: string): string {
  if (status === 'active') return green(status);
  if (status === 'claimed') return `${status} ${dim('(active with its first accepted reading)')}`;
  return red(status);
}

function verdictLines({ registered, hours, maintenance }: DeviceStatus): readonly string[] {
  if (registered === null) return [];
  const { day, flags, latest } = registered;
  const score =
    day === null
      ? [dim('none before the first closed epoch')]
      : [
          `${percent(day.scoreBps)} in epoch ${day.epoch}, ${percent(day.weeklyBps)} over a week${day.eligible ? '' : red(' (too low to earn)')}`,
          ...day.costs.map(({ cause, bps }) => dim(`  - ${percent(bps)} ${cause}`)),
        ];
  const open = flags.filter(({ end }) => end === null);
  return [
    ...row('latest', ...(latest.length === 0 ? [dim('nothing public yet')] : latest.map(latestText))),
    ...row('score', ...score),
    ...(hours === null
      ? []
      : row('missing', `${hours.missing} of ${hours.inEpoch} hours of epoch ${day?.epoch ?? ''}`)),
    ...row(
      'maintenance',
      `${Math.max(0, maintenance.hours - maintenance.announcedHours)} of ${maintenance.hours} free hours left in ${maintenance.days} days`,
    ),
    ...(open.length === 0 ? row('flags', green('none')) : open.slice(0, MAX_FLAGS).flatMap(flagLines)),
    ...(open.length > MAX_FLAGS ? row('', dim(`and ${open.length - MAX_FLAGS} more`)) : []),
  ];
}

type Registered = NonNullable<DeviceStatus['registered']>;

function latestText({ quantity, value, unit, start, flag, tests }: Registered['latest'][number]): string {
  const verdict = flag === 3 || flag === 4 ? `  ${yellow(`${SEVERITY[flag]}: ${tests.join(', ')}`)}` : '';
  return `${quantity.padEnd(10)} ${`${value} ${unit}`.padEnd(14)} ${dim(`hour of ${start}`)}${verdict}`;
}

function flagLines({ flag, quantity, test, start, reason, remedy }: Registered['flags'][number]): readonly string[] {
  const paint = flag === 4 ? red : yellow;
  return row(
    'flag',
    `${paint(`${test}, ${SEVERITY[flag]}`)}  ${quantity} since ${start}`,
    `  ${reason}`,
    dim(`  ${remedy}`),
  );
}

function payLines({ pendingPay, registered }: DeviceStatus): readonly string[] {
  if (registered === null) return [];
  const { amount, epochs } = pendingPay;
  if (amount === '0') return row('pay', dim('nothing pending'));
  return row(
    'pay',
    `${tokens(amount)} ISO pending, of ${epochs.length === 1 ? 'epoch' : 'epochs'} ${epochs.join(', ')}`,
  );
}

function eventLines({ events }: DeviceStatus): readonly string[] {
  const shown = events.slice(0, MAX_EVENTS).map(({ received, kind, owners, devices }) => {
    const signers = [...owners.map(({ address }) => address), ...devices.map(({ device }) => device)];
    return `${received}  ${kind.padEnd(11)} ${dim(signers.map((signer) => signer.slice(0, 24)).join(', '))}`;
  });
  const rest = events.length > MAX_EVENTS ? [dim(`and ${events.length - MAX_EVENTS} earlier`)] : [];
  return shown.length === 0 ? [] : row('events', ...shown, ...rest);
}

const percent = (bps: number): string => `${(bps / 100).toFixed(2)} %`;

/** Base units of RewardToken to four decimals, never rounded up. */
function tokens(amount: string): string {
  const digits = amount.padStart(19, '0');
  return `${digits.slice(0, -18)}.${digits.slice(-18, -14)}`;
}
