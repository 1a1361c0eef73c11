/**
 * Feeds a target with changed examples. The same target, seed and count give the same inputs. What is judged in a way that
 * was not seen before is changed further, so that the search goes on behind the first check.
 */
import { type Random, randomOf } from '../chaos/random.ts';
import { changeBytes, growBytes } from './bytes.ts';
import { changeCbor } from './cbor.ts';
import { changeJson } from './json.ts';
import { judge } from './judge.ts';
import { shrink } from './shrink.ts';
import type { Label, Target } from './target.ts';

export type Failure = {
  readonly target: string;
  readonly seed: number;
  /** Counted from 0. */
  readonly position: number;
  readonly input: Uint8Array;
  readonly error: string;
};

export type Report = {
  readonly target: string;
  readonly inputs: number;
  /** Of the inputs, those that were accepted. */
  readonly accepted: number;
  /** Ways in which inputs were judged. */
  readonly labels: ReadonlyMap<Label, number>;
  /** Longest input, bytes. */
  readonly longest: number;
  /** Slowest input, milliseconds. */
  readonly slowestMs: number;
  readonly failure: Failure | null;
};

export type FuzzOptions = {
  readonly inputs: number;
  readonly seed: number;
  readonly onProgress?: (inputs: number) => void;
};

/** What an input may take of the processor, whatever it says: a machine that is ten times slower than ours stays within it. */
const MOST_MS = 50;
/** A decoder that looks at every byte a few times needs some 10 ns; one that looks at every pair exceeds this at 64 kB. */
const MOST_MS_PER_KB = 1;
/** Inputs that were found on the way and are changed further. */
const MOST_FOUND = 200;
const PROGRESS_EVERY = 2000;
const SUSPECT_TURNS = 10;

export async function fuzz(target: Target, { inputs, seed, onProgress }: FuzzOptions): Promise<Report> {
  const random = randomOf(seed ^ hashOf(target.name));
  const corpus = [...target.seeds];
  const labels = new Map<Label, number>();
  let slowestMs = 0;
  let longest = 0;
  let accepted = 0;
  const report = (count: number, failure: Failure | null): Report => ({
    target: target.name, inputs: count, accepted, labels, longest, slowestMs, failure,
  }); // prettier-ignore
  for (let position = 0; position < inputs; position++) {
    const input = target.seeds[position] ?? nextInput(target, corpus, random);
    const { label, error, tookMs } = await timed(target, input);
    slowestMs = Math.max(slowestMs, tookMs);
    longest = Math.max(longest, input.length);
    if (error !== null) {
      const shrunk = label === 'failed' ? await shrink(target, input, error) : input;
      return report(position + 1, { target: target.name, seed, position, input: shrunk, error });
    }
    if (label.startsWith('ok')) accepted++;
    if (!labels.has(label) && corpus.length < target.seeds.length + MOST_FOUND && input.length < 8192)
      corpus.push(input);
    labels.set(label, (labels.get(label) ?? 0) + 1);
    if (onProgress && position % PROGRESS_EVERY === 0) onProgress(position);
  }
  return report(inputs, null);
}

type Timed = { readonly label: Label; readonly error: string | null; readonly tookMs: number };

async function timed(target: Target, input: Uint8Array): Promise<Timed> {
  const startedMs = performance.now();
  const { label, error } = await judge(target, input);
  const tookMs = performance.now() - startedMs;
  return { label, error: error ?? (await slowness(target, input, tookMs)), tookMs };
}

/** Null: nothing is wrong with it. */
export async function failureOf(target: Target, input: Uint8Array): Promise<string | null> {
  return (await timed(target, input)).error;
}

/**
 * Null: fast enough. The clock on the wall counts what other programs do as well, so a suspect is run again by the clock of
 * this thread, and the best of ten counts: on a busy machine even that one counts what is not ours.
 */
async function slowness(target: Target, input: Uint8Array, tookMs: number): Promise<string | null> {
  const mostMs = MOST_MS + (input.length / 1024) * (target.mostMsPerKb ?? MOST_MS_PER_KB);
  if (tookMs <= mostMs) return null;
  let bestMs = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < SUSPECT_TURNS && bestMs > mostMs; turn++) {
    const before = process.threadCpuUsage();
    await judge(target, input);
    const { user, system } = process.threadCpuUsage(before);
    bestMs = Math.min(bestMs, (user + system) / 1000);
  }
  return bestMs > mostMs ? `slow: ${Math.round(bestMs)} ms for ${input.length} bytes` : null;
}

const utf8 = new TextEncoder();
const lossy = new TextDecoder();
/** Of the changes to something that has a structure. */
const STRUCTURAL = 4;
const GROW_EVERY = 500;

function nextInput(target: Target, corpus: readonly Uint8Array[], random: Random): Uint8Array {
  // What was found on the way is mostly refused: half of the time the examples themselves.
  const from = random.pick(random.below(2) === 0 ? target.seeds : corpus);
  const words = target.words ?? [];
  let input: Uint8Array | null = null;
  if (random.below(5) < STRUCTURAL)
    input = changeTree(target, from, corpus, random) ?? changeTree(target, random.pick(target.seeds), corpus, random);
  if (input === null || random.below(16) === 0) input = changeBytes(input ?? from, random, corpus, words);
  if (random.below(GROW_EVERY) === 0) input = growBytes(input, random, target.mostBytes);
  return input.length > target.mostBytes ? input.slice(0, target.mostBytes) : input;
}

/** Null: there is no tree to change. */
function changeTree(
  target: Target,
  from: Uint8Array,
  corpus: readonly Uint8Array[],
  random: Random,
): Uint8Array | null {
  if (target.form === 'cbor') return changeCbor(from, corpus, random, target.mostBytes);
  if (target.form !== 'json') return null;
  const text = changeJson(lossy.decode(from), [lossy.decode(random.pick(corpus))], random, target.mostBytes);
  return text === null ? null : utf8.encode(text);
}

/** FNV-1a, so that targets do not all get the same changes. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const char of name) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}
