/** `npm run verify:proof`: checks a bought proof or a fork file, and says valid or names the first thing that is wrong. */
import { readFile } from 'node:fs/promises';
import { readCommitEvents, type ChainWord } from '../core/proof/chain-event.ts';
import { checkProof, type CheckedProof } from '../core/proof/check.ts';
import { faultSentence } from '../core/proof/fault.ts';
import { checkForkProof, type CheckedFork } from '../core/proof/fork.ts';
import { FORK_FORMAT } from '../core/proof/fork-format.ts';
import { parseProof, type Proof } from '../core/proof/format.ts';
import { readArguments, UsageError, type Flags } from './command-line.ts';
import { bold, dim, failed, green, Refusal, yellow } from './lib/say.ts';
import { DEFAULT_DIR, readLocalNetwork } from './local-network.ts';
import { askChain } from './verify/proof-chain.ts';
import { checkBatchTools } from './verify/tools.ts';

const HELP = `npm run verify:proof -- FILE [OPTIONS]

  Checks a proof that GET /v1/proofs sold, or npm run buy -- --proof FILE saved: the device's signature over the request, the
  digest of its body, the reading in it, the entry of the log, both paths up to the data root, and that root against the
  chain. Everything but the chain is checked offline.
  A fork file of GET /v1/devices/DID/forks/FORK is checked offline as well: that one key signed both branches, and what they show.
  Ends with "valid", or with the first thing that is wrong and its place in the file.

What the chain says, one of
  --event FILE        a saved Committed log of the EpochDistributor: a log, a list of logs, a receipt, or a node's answer
  --data-root HEX --epoch N
                      the same from a block explorer
  --rpc URL           ask a node (default: the one of npm start, where it runs here)
  --offline           nothing, though there is a network here

More
  --contract ADDRESS  the network's EpochDistributor (default: that of npm start). Without it, compare the printed one.
  --dir FOLDER        of the local network (default: ${DEFAULT_DIR})
  --help              this text

  Exit code 0: valid. 1: something is wrong, or something did not answer. 2: called wrongly.
  3: valid up to the data root that it names, and the chain was not asked.

  What no proof can show: that the device said nothing else, that it stands where it should, and that its reading is true.
  The verdicts in the file follow from the whole log: npm run verify:epoch.`;

const VALUES = ['event', 'data-root', 'epoch', 'rpc', 'contract', 'dir'];

async function readProof(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(error.code === 'ENOENT' ? `there is no ${path}` : `${path} cannot be read: ${error.message}`);
  });
}

/** Null: nobody is asked. */
async function chainWord(proof: Proof, flags: Flags, offline: boolean): Promise<ChainWord | null> {
  const sources = ['event', 'data-root', 'rpc'].filter((name) => flags[name] !== undefined);
  if (sources.length + (offline ? 1 : 0) > 1)
    throw new UsageError('give one of --event, --data-root, --rpc and --offline');
  if ((flags['data-root'] === undefined) !== (flags['epoch'] === undefined))
    throw new UsageError('--data-root and --epoch go together');
  const contract = addressOf(flags['contract']);
  if (flags['event'] !== undefined) return { chainId: null, contract, events: await savedEvents(flags['event']) };
  if (flags['data-root'] !== undefined) return { chainId: null, contract, events: [typedEvent(flags)] };
  if (offline) return null;
  if (flags['rpc'] !== undefined) return askChain(flags['rpc'], proof, contract);
  const local = await readLocalNetwork(flags['dir'] ?? DEFAULT_DIR);
  if (local?.rpc === null || local?.rpc === undefined) return null;
  return askChain(local.rpc, proof, contract ?? local.distributor).catch((error: unknown) => {
    // Nobody named this node: the network that was started here once does not run now.
    if (error instanceof Refusal) return null;
    throw error;
  });
}

async function savedEvents(path: string): Promise<ChainWord['events']> {
  const text = (await readProof(path)).toString();
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new Refusal(`${path} is no JSON; save the log as a node answers it`);
  }
  const events = readCommitEvents(content);
  if (!events.ok) throw new Refusal(`${path} holds ${events.error.detail}`);
  return events.value;
}

function typedEvent(flags: Flags): ChainWord['events'][number] {
  const dataRoot = (flags['data-root'] ?? '').toLowerCase().replace(/^0x/, '');
  const epoch = Number(flags['epoch']);
  if (!/^[0-9a-f]{64}$/.test(dataRoot)) throw new UsageError('--data-root takes 64 hex digits');
  if (!/^\d{1,10}$/.test(flags['epoch'] ?? '')) throw new UsageError('--epoch takes the number of an epoch');
  return { contract: null, epoch, dataRoot, transaction: null, block: null };
}

function addressOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw new UsageError('--contract takes 0x and 40 hex digits');
  return text.toLowerCase();
}

/** False: something is wrong. */
function printSteps({ steps, fault }: Pick<CheckedProof, 'steps' | 'fault'>): boolean {
  for (const { name, found } of steps) console.log(`${green('✓')} ${name.padEnd(10)} ${found}`);
  if (fault === null) return true;
  failed(`${faultSentence(fault.reason)}.`);
  if (fault.at !== '') console.error(`  where     ${fault.at}`);
  console.error(`  found     ${fault.found}\n  expected  ${fault.expected}`);
  process.exitCode = 1;
  return false;
}

function printFork(checked: CheckedFork): void {
  if (!printSteps(checked)) return;
  const isProven = checked.proof?.verdict === 'conflict' || checked.proof?.verdict === 'both-go-on';
  console.log(dim('  not proved: what stands under "unproved", and who of the two is the owner'));
  console.log(
    isProven
      ? `\n${bold(green('valid'))}: two memories sign with the key of ${checked.proof?.device}`
      : `\n${bold(green('valid'))}: a fork of ${checked.proof?.device}, and no proof that two devices sign`,
  );
}

/** Nothing is believed of the file yet: it says which check it wants. */
function isFork(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes).includes(`"format":"${FORK_FORMAT}"`);
}

async function checkAgainstChain(bytes: Uint8Array, flags: Flags, offline: boolean): Promise<void> {
  const parsed = parseProof(bytes);
  const chain = parsed.ok ? await chainWord(parsed.value, flags, offline) : null;
  print(await checkProof(bytes, chain, checkBatchTools()), chain !== null);
}

function print(checked: CheckedProof, isAnchored: boolean): void {
  if (!printSteps(checked)) return;
  const { proof } = checked;
  for (const { dataRoot, epoch, contract } of proof?.commits ?? []) {
    console.log(dim(`  epoch ${epoch}: data root ${dataRoot}, contract ${contract}`));
  }
  console.log(dim('  not proved: what stands under "unproved" in the file, and that the device said nothing else'));
  if (isAnchored)
    console.log(`\n${bold(green('valid'))}: signed by the device, and in the data root that the chain holds`);
  else {
    console.log(
      `\n${bold(yellow('valid up to the data root'))}: the chain was not asked; give --event, --data-root or --rpc`,
    );
    process.exitCode = 3;
  }
}

try {
  const { words, flags, has } = readArguments(process.argv.slice(2), {
    values: VALUES,
    switches: ['offline', 'help'],
    words: 1,
  });
  const [path] = words;
  if (has('help')) console.log(HELP);
  else if (path === undefined) throw new UsageError('which file? npm run verify:proof -- FILE; --help says more');
  else {
    const bytes = await readProof(path);
    if (isFork(bytes)) printFork(await checkForkProof(bytes, checkBatchTools()));
    else await checkAgainstChain(bytes, flags, has('offline'));
  }
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof Refusal)) throw error;
  failed(error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
