/**
 * `npm run fuzz -- [--target NAME] [--inputs N] [--seed S]`: changed examples for every decoder at a border. Ends with 1
 * where one threw, accepted what must not be, or took too long; prints the input, made as small as it goes.
 */
import { parseArgs } from 'node:util';
import { fuzz, type Report } from '../test/fuzz/engine.ts';
import { judge } from '../test/fuzz/judge.ts';
import type { Target } from '../test/fuzz/target.ts';
import { TARGETS } from '../test/fuzz/targets/all.ts';
import { dim, done, failed, Refusal, runCommand } from './lib/say.ts';

/** A minute or two for all; test/README.md names the long run. */
const USUAL_INPUTS = 50_000;
const PROGRESS_MS = 2000;

await runCommand(async () => {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', multiple: true },
      inputs: { type: 'string', default: String(USUAL_INPUTS) },
      seed: { type: 'string', default: '1' },
      input: { type: 'string' },
    },
  });
  const targets = chosen(values.target ?? []);
  if (values.input !== undefined) return runOne(targets, values.input);
  const inputs = whole('inputs', values.inputs, 1);
  const seed = whole('seed', values.seed, 0);
  const startedMs = Date.now();
  let failures = 0;
  console.log(
    dim(
      `  ${'decoder'.padEnd(22)}${'inputs'.padStart(9)}${'accepted'.padStart(10)}  ways  longest B  slowest ms     s`,
    ),
  );
  for (const target of targets) {
    const targetMs = Date.now();
    const report = await fuzz(target, { inputs, seed, onProgress: progressOf(target.name, inputs) });
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    console.log(lineOf(report, (Date.now() - targetMs) / 1000));
    if (report.failure === null) continue;
    failures++;
    const { position, input, error } = report.failure;
    const text = Buffer.from(input).toString('base64');
    failed(`${target.name}, seed ${seed}, input ${position}: ${error}`);
    console.error(
      `    npm run fuzz -- --target ${target.name} --input ${text.length > 4000 ? `${text.slice(0, 4000)}...` : text}`,
    );
  }
  if (failures > 0) throw new Refusal(`${failures} of ${targets.length} decoders failed.`);
  done(`fuzz: ${targets.length} decoders, ${inputs} inputs each, seed ${seed}, nothing unexpected`, startedMs);
});

/** What came out of one input, in base64. */
async function runOne(targets: readonly Target[], input: string): Promise<void> {
  const [target, ...more] = targets;
  if (target === undefined || more.length > 0) throw new Refusal('--input needs one --target.');
  const { label, error } = await judge(target, Uint8Array.from(Buffer.from(input, 'base64')));
  if (error !== null) throw new Refusal(`${target.name}: ${error}`);
  done(`${target.name}: ${label}`);
}

function chosen(names: readonly string[]): readonly Target[] {
  const strange = names.find((name) => !TARGETS.some((target) => target.name === name));
  if (strange !== undefined)
    throw new Refusal(`no decoder "${strange}"; there are ${TARGETS.map(({ name }) => name).join(', ')}.`);
  return names.length === 0 ? TARGETS : TARGETS.filter(({ name }) => names.includes(name));
}

function lineOf({ target, inputs, accepted, labels, longest, slowestMs }: Report, seconds: number): string {
  const share = `${((100 * accepted) / inputs).toFixed(1)} %`;
  const columns = [inputs, share, labels.size, longest, slowestMs.toFixed(1), seconds.toFixed(1)].map(String);
  const widths = [9, 10, 6, 11, 12, 6];
  return `  ${target.padEnd(22)}${columns.map((column, at) => column.padStart(widths[at] ?? 0)).join('')}`;
}

function progressOf(name: string, inputs: number): (count: number) => void {
  let toldMs = Date.now();
  return (count) => {
    if (!process.stderr.isTTY || Date.now() - toldMs < PROGRESS_MS) return;
    toldMs = Date.now();
    process.stderr.write(dim(`\r  ${name}: ${count} of ${inputs}`));
  };
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new Refusal(`--${name} must be a whole number from ${least}.`);
  return value;
}
