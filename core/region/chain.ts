/**
 * The chain of a device's batches, as far as its batches name the one before them (docs/protocol.md, "Chain of batches"). A few
 * lines are followed, each by its newest batches: under 20 KB of state a device at the most, about 2 KB where nothing forks, and
 * nothing where no batch names another.
 */
import { base64 } from '@scure/base';
import type { TimeRules } from '../rules/rule-set.ts';
import { shortDigest } from './decide.ts';
import type { BatchBody, MembershipStatus } from './entry.ts';
import { advanceFork, newFork, tipOf, type ChainNode, type Fork, type Line } from './fork.ts';
import type { DeviceId } from '../ids.ts';
import type { DeviceState } from './state.ts';

/** A device that forgets everything begins a line each time; several clones have one each. */
const MOST_LINES = 4;
/** Batches of a line that are known by their digest: a copy that starts within so many is a fork at a known place. */
const MOST_NODES = 8;
/** The newest of them are known with what they say, if that is not more than so many bytes. */
const READ_NODES = 4;
const MOST_READ_BYTES = 512;
const MOST_FORKS = 8;
/** Epochs after which a line that was not added to has ended. */
const LINE_EPOCHS = 7;

export type ChainState = {
  lines: Line[];
  forks: Fork[];
  /** Entry that proved that two devices sign; null again once the registry has made the device active after it. */
  provenSeq: number | null;
};

type ChainedBatch = BatchBody & { readonly seq: number; readonly receivedMs: number };

export function followChain(device: DeviceState, batch: ChainedBatch, rules: TimeRules): void {
  if (batch.previous === undefined) return;
  device.chain ??= { lines: [], forks: [], provenSeq: null };
  const { chain } = device;
  if (chain.provenSeq !== null) return;
  const digest = shortDigest(batch.digest);
  const previous = shortDigest(batch.previous);
  // The same bytes under another nonce are nothing new.
  if (digest === previous || chain.lines.some(({ nodes }) => nodes.some((node) => node.digest === digest))) return;
  const readings = batch.readings.length > MOST_READ_BYTES ? '' : base64.encode(batch.readings);
  const node: ChainNode = { digest, seq: batch.seq, nonce: batch.nonce, readings };
  const before = proven(chain);
  const line = placed(device.membership.device, chain, node, previous, batch.receivedMs, rules);
  if (line === null) return;
  joinFollowing(chain, line, digest);
  // Those of before were judged before; they wait to be published.
  if (proven(chain) === before) return;
  chain.provenSeq = batch.seq;
  chain.lines = [];
  endForks(chain, () => true);
}

function proven({ forks }: ChainState): number {
  return forks.filter(({ verdict }) => verdict === 'conflict' || verdict === 'both-go-on').length;
}

/** The line that the batch belongs to now. Null: there are too many already, and it is not followed. */
function placed(
  key: DeviceId,
  chain: ChainState,
  node: ChainNode,
  previous: string,
  nowMs: number,
  rules: TimeRules,
): Line | null {
  const isForked = chain.lines.some((line) => childOf(line, previous) !== null);
  const line = isForked ? undefined : chain.lines.find((candidate) => tipOf(candidate)?.digest === previous);
  if (line === undefined) return begin(key, chain, node, previous, nowMs, rules);
  line.nodes.push(node);
  line.grownMs = nowMs;
  trim(line);
  for (const fork of chain.forks) {
    const [one, two] = fork.branches;
    const mine = fork.verdict !== 'open' ? null : one.line === line.id ? one : two.line === line.id ? two : null;
    if (mine === null) continue;
    const other = mine === one ? two : one;
    const otherLine = chain.lines.find(({ id }) => id === other.line);
    if (otherLine !== undefined) advanceFork(fork, mine, line, other, otherLine);
  }
  return line;
}

/** Position in the line of the batch that names `digest`; null: no batch known here does. */
function childOf(line: Line, digest: string): number | null {
  if (line.before === digest) return 0;
  const at = line.nodes.findIndex((node) => node.digest === digest);
  return at < 0 || at === line.nodes.length - 1 ? null : at + 1;
}

function begin(
  key: DeviceId,
  chain: ChainState,
  node: ChainNode,
  previous: string,
  nowMs: number,
  rules: TimeRules,
): Line | null {
  if (chain.lines.length >= MOST_LINES) {
    const [idle] = chain.lines.toSorted((a, b) => a.grownMs - b.grownMs);
    // Lines that grow are kept against newer ones, or a crowd of clones would push each other out before anything is proven.
    if (idle === undefined || nowMs - idle.grownMs < rules.epochSeconds * 1000) return null;
    endLine(chain, idle);
  }
  const line: Line = { id: node.seq, before: previous, nodes: [node], grownMs: nowMs };
  for (const other of chain.lines) {
    const child = childOf(other, previous);
    chain.forks.push(newFork(key, other, child ?? other.nodes.length - 1, line, child === null ? '' : previous));
  }
  chain.lines.push(line);
  while (chain.forks.length > MOST_FORKS) chain.forks.splice(leastTelling(chain.forks), 1);
  return line;
}

function leastTelling(forks: readonly Fork[]): number {
  const ended = forks.findIndex(({ verdict }) => verdict === 'ended');
  const unknown = forks.findIndex(({ parent }) => parent === '');
  return ended >= 0 ? ended : Math.max(0, unknown);
}

function trim(line: Line): void {
  for (const node of line.nodes.slice(0, -READ_NODES)) node.readings = '';
  while (line.nodes.length > MOST_NODES) {
    const oldest = line.nodes.shift();
    if (oldest !== undefined) line.before = oldest.digest;
  }
}

/** Batches that overtook this one began a line of their own: it is the end of this one. */
function joinFollowing(chain: ChainState, line: Line, digest: string): void {
  const rest = chain.lines.find((other) => other !== line && other.before === digest);
  if (rest === undefined) return;
  line.nodes.push(...rest.nodes);
  line.grownMs = Math.max(line.grownMs, rest.grownMs);
  trim(line);
  chain.lines = chain.lines.filter((other) => other !== rest);
  // Each other line has one fork with each of the two; that with this line goes on from the new end.
  chain.forks = chain.forks.filter(
    ({ verdict, branches }) => verdict !== 'open' || branches.every((branch) => branch.line !== rest.id),
  );
}

/** One of its lines has stopped: the fork is on record, and no longer watched. */
function endLine(chain: ChainState, line: Line): void {
  chain.lines = chain.lines.filter((other) => other !== line);
  endForks(chain, ({ branches }) => branches.some((branch) => branch.line === line.id));
}

function endForks(chain: ChainState, isOver: (fork: Fork) => boolean): void {
  for (const fork of chain.forks) {
    if (fork.verdict !== 'open' || !isOver(fork)) continue;
    fork.verdict = 'ended';
    fork.isNew = true;
  }
  chain.forks = chain.forks.filter(({ verdict, parent }) => verdict !== 'ended' || parent !== '');
}

/** With the day: what stopped long ago is forgotten. */
export function forgetLines(device: DeviceState, closedMs: number, rules: TimeRules): void {
  const { chain } = device;
  if (chain === null) return;
  for (const line of chain.lines)
    if (line.grownMs < closedMs - LINE_EPOCHS * rules.epochSeconds * 1000) endLine(chain, line);
  if (chain.lines.length === 0 && chain.forks.length === 0 && chain.provenSeq === null) device.chain = null;
}

/** Forks to be published. What is proven or over is then a matter of record only. */
export function takeForks({ chain }: DeviceState): readonly Fork[] {
  if (chain === null) return [];
  const said = chain.forks.filter(({ isNew, verdict, parent }) => isNew && (verdict !== 'open' || parent !== ''));
  for (const fork of said) fork.isNew = false;
  if (said.length > 0) chain.forks = chain.forks.filter(({ verdict }) => verdict === 'open');
  return said;
}

/**
 * What the device counts as: a proven clone is quarantined from the entry that proves it, whether the registry has heard of
 * it or not.
 */
export function statusOf(device: DeviceState): MembershipStatus {
  const { status } = device.membership;
  return isProven(device) && (status === 'active' || status === 'claimed') ? 'quarantined' : status;
}

/** What a day counts as: a quarantine is not shed by leaving before the day is closed. */
export function payStatusOf(device: DeviceState): MembershipStatus {
  return device.frozen ? 'quarantined' : statusOf(device);
}

export function isProven({ chain }: DeviceState): boolean {
  return chain !== null && chain.provenSeq !== null;
}

/** From another region, whose word is the later one. The chain itself begins anew: its batches are in that region's log. */
export function bringProof(device: DeviceState, seq: number, isProvenThere: boolean): void {
  startChain(device);
  if (isProvenThere) device.chain = { lines: [], forks: device.chain?.forks ?? [], provenSeq: seq };
  else if (device.chain !== null) device.chain.provenSeq = null;
}

/** Before the registry's next word on the device is taken over. */
export function keepFrozen(device: DeviceState, next: MembershipStatus): void {
  if (next !== 'retired') device.frozen = false;
  else if (statusOf(device) === 'quarantined') device.frozen = true;
}

/** The chain was the old key's: the new one begins its own. What was found stays on record, and a quarantine in force. */
export function startChain({ chain }: DeviceState): void {
  if (chain === null) return;
  chain.lines = [];
  endForks(chain, () => true);
}

/** The operator has looked at it: the device starts over, and what was proven before does not count again. */
export function liftQuarantine(device: DeviceState, next: MembershipStatus): void {
  const { chain, membership } = device;
  if (chain === null || membership.status !== 'quarantined' || (next !== 'active' && next !== 'claimed')) return;
  chain.provenSeq = null;
}
