/**
 * Two lines of batches under one key, and what makes them a proof that two devices sign. One device, however often it crashes,
 * forgets or is set back to an old copy, extends one line at a time: what it left it does not go on with. So only this counts: the
 * older line went on after the younger was there, and the younger after that, for three batches each; or both say something else
 * of the same quantity and time. Somebody who puts in an old memory for a while and then the new one again is one device still.
 */
import { base64 } from '@scure/base';
import { conflictOf } from './chain-readings.ts';

/** Batches that each line must add after both are there. */
export const GOES_ON = 3;
/** Batches of one branch that are kept as evidence. */
const MOST_IN_BRANCH = 12;

/** An accepted batch that names the one before it. `readings`: packed, base64; '' where they are not kept. */
export type ChainNode = { digest: string; seq: number; nonce: string; readings: string };

export type Line = {
  /** Entry of the first batch of it that was seen. */
  id: number;
  /** The digest that the first of `nodes` names. */
  before: string;
  /** The newest, oldest first; each names the one before it. */
  nodes: ChainNode[];
  grownMs: number;
};

export type ForkVerdict = 'open' | 'conflict' | 'both-go-on' | 'ended';

export type Fork = {
  /** Entry that began the younger branch. */
  seq: number;
  /** Digest that both branches begin after; '' where it is not known to be the same. */
  parent: string;
  branches: [Branch, Branch];
  /** `ended`: one line stopped, as an honest device's does. */
  verdict: ForkVerdict;
  /** Said something since it was published. */
  isNew: boolean;
};

export type Branch = {
  line: number;
  /** Entries, each naming the one before it. */
  seqs: number[];
  /** Position in `seqs` from which it has to go on, and the nonce that the other branch must be above. */
  from: number;
  fromNonce: string;
};

export function tipOf(line: Line): ChainNode | undefined {
  return line.nodes[line.nodes.length - 1];
}

/** `from`: position of the first node of the older line that belongs to its branch. */
export function newFork(older: Line, from: number, younger: Line, parent: string): Fork {
  const branches: [Branch, Branch] = [branchOf(older, from), branchOf(younger, 0)];
  const [first] = younger.nodes;
  const isProven = parent !== '' && first !== undefined && isConflict(first, branches[0], older);
  return { seq: younger.id, parent, branches, verdict: isProven ? 'conflict' : 'open', isNew: true };
}

function branchOf(line: Line, from: number): Branch {
  const seqs = line.nodes.slice(from).map(({ seq }) => seq);
  return { line: line.id, seqs, from: seqs.length - 1, fromNonce: tipOf(line)?.nonce ?? '' };
}

const added = ({ seqs, from }: Branch): number => seqs.length - 1 - from;

/** `line` has grown by a batch. */
export function advanceFork(fork: Fork, mine: Branch, line: Line, other: Branch, otherLine: Line): void {
  const [before, node] = line.nodes.slice(-2);
  if (before === undefined || node === undefined || added(mine) >= GOES_ON) return;
  fork.isNew = true;
  // Batches that overtook others have joined the line since: they are not written down here.
  if (mine.seqs[mine.seqs.length - 1] !== before.seq) {
    beginAt(fork, mine, before);
    restart(fork, other, otherLine);
  }
  mine.seqs.push(node.seq);
  if (node.nonce <= other.fromNonce) {
    // Made before the other line was where it is now, and only late: neither has gone on since.
    startFrom(mine, node.nonce);
    restart(fork, other, otherLine);
  } else if (added(fork.branches[0]) === 0) {
    // The younger line has just begun; it counts from where the older one has come back.
    startFrom(mine, node.nonce);
  } else if (mine === fork.branches[0] && added(mine) === 1) {
    mine.fromNonce = node.nonce;
  }
  if (fork.parent !== '' && isConflict(node, other, otherLine)) fork.verdict = 'conflict';
  else if (added(mine) >= GOES_ON && added(other) >= GOES_ON) fork.verdict = 'both-go-on';
  if (mine.seqs.length > MOST_IN_BRANCH) forgetStart(fork, mine);
}

/** The way back to the parent is lost. */
function beginAt(fork: Fork, branch: Branch, node: ChainNode): void {
  branch.seqs = [node.seq];
  fork.parent = '';
  startFrom(branch, node.nonce);
}

function startFrom(branch: Branch, nonce: string): void {
  branch.from = branch.seqs.length - 1;
  branch.fromNonce = nonce;
}

/** What it added does not count any more; it has to go on from where it is now. */
function restart(fork: Fork, branch: Branch, line: Line): void {
  if (added(branch) === 0) return;
  const tip = tipOf(line);
  if (tip === undefined) return;
  // It was complete, so that what came then was not written down.
  if (branch.seqs[branch.seqs.length - 1] !== tip.seq) beginAt(fork, branch, tip);
  else startFrom(branch, tip.nonce);
}

function forgetStart(fork: Fork, branch: Branch): void {
  if (branch.from === 0) return;
  branch.seqs.shift();
  branch.from -= 1;
  fork.parent = '';
}

/** Both branches speak of one quantity and time, and say different things. */
function isConflict(node: ChainNode, { seqs }: Branch, line: Line): boolean {
  if (node.readings === '') return false;
  const mine = base64.decode(node.readings);
  return line.nodes.some(
    ({ seq, readings }) => readings !== '' && seqs.includes(seq) && conflictOf(mine, base64.decode(readings)) !== null,
  );
}
