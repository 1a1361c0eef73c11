/** `npm run verify:epoch`: recomputes an epoch from what everybody can read, and says match or names the first difference. */
import { describePlace, sentenceOf, type Difference } from '../core/audit/difference.ts';
import { parseEpochNumber } from '../core/ids.ts';
import { failed as sayFailed, bold, green, Refusal } from './lib/say.ts';
import { readArguments, UsageError } from './command-line.ts';
import { DEFAULT_DIR, readLocalNetwork } from './local-network.ts';
import { auditEpoch, type Step } from './verify/audit-epoch.ts';
import { Progress } from './verify/progress.ts';

const HELP = `npm run verify:epoch -- [OPTIONS]

  Recomputes an epoch from evidence and chain, from the first entry of every region's log: signatures, readings, verdicts,
  scores, payouts, root, and every epoch before it. Compares them with the transactions on the chain, and with the
  published report and page where those are served: they are not needed.
  Ends with "match", or with the first difference and its place.

  --api URL     the network (default: the one that npm start runs here)
  --rpc URL     a node of its chain that you trust (default: likewise)
  --epoch N     default: the latest whose every batch is paid
  --dir FOLDER  of the local network (default: ${DEFAULT_DIR})
  --help        this text

  Exit code 0: match. 1: a difference, or something did not answer. 2: called wrongly.

  What no recomputation can show: that a batch was never logged (its device has no receipt then), that owner, place and
  tier of a device are right, what buyers asked for and how much of it was good, who operates a region, whose the treasury
  is, and that the contracts are the network's own. The contracts are printed: compare them.`;

type Options = { readonly api: string; readonly rpc: string; readonly epoch: number | null };

async function readOptions(args: readonly string[]): Promise<Options | null> {
  const { flags, has } = readArguments(args, { values: ['api', 'rpc', 'epoch', 'dir'], switches: ['help'] });
  if (has('help')) return null;
  const epoch = flags['epoch'] === undefined ? null : parseEpochNumber(flags['epoch']);
  if (epoch !== null && !epoch.ok) {
    throw new UsageError(`--epoch "${flags['epoch']}" is not the number of an epoch; leave it out for the latest`);
  }
  const isComplete = flags['api'] !== undefined && flags['rpc'] !== undefined;
  const local = isComplete ? null : await readLocalNetwork(flags['dir'] ?? DEFAULT_DIR);
  const api = flags['api'] ?? local?.api;
  const rpc = flags['rpc'] ?? local?.rpc;
  if (api === undefined) throw new UsageError('which network? Start one with npm start, or give --api URL');
  if (rpc === undefined || rpc === null) throw new UsageError('which chain? Give --rpc URL');
  return { api, rpc, epoch: epoch?.value ?? null };
}

const progress = new Progress();

function printStep({ name, counted, ms }: Step): void {
  progress.clear();
  const time = ms === 0 ? '' : `${ms.toFixed(0)} ms`;
  console.log(`${green('✓')} ${name.padEnd(17)} ${time.padStart(9)}  ${counted}`);
}

function printDifference({ reason, at, published, recomputed }: Difference): void {
  sayFailed(`${sentenceOf(reason)}.`);
  const place = describePlace(at);
  if (place !== '') console.error(`  where       ${place}`);
  console.error(`  published   ${published}\n  recomputed  ${recomputed}`);
}

async function verify(options: Options): Promise<void> {
  const outcome = await auditEpoch({ ...options, onStep: printStep, progress });
  progress.clear();
  if (!outcome.ok) {
    printDifference(outcome.error);
    process.exitCode = 1;
    return;
  }
  const { epoch, result } = outcome.value;
  console.log(
    `\n${bold(green('match'))}: epoch ${epoch} pays ${result.total} base units as published, root ${result.root}`,
  );
}

try {
  const options = await readOptions(process.argv.slice(2));
  if (options === null) console.log(HELP);
  else await verify(options);
} catch (error) {
  progress.clear();
  if (!(error instanceof UsageError) && !(error instanceof Refusal)) throw error;
  sayFailed(error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
