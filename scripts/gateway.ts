/** `npm run gateway`: takes what sensors on sale already send, signs it and posts it (sensors/gateway/README.md). */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { checkDevice } from '../sensors/gateway/check.ts';
import { type LoadedConfig, loadGateway, runGateway } from '../sensors/gateway/gateway.ts';
import { timeOfDay } from '../sensors/gateway/station.ts';
import { FolderInUse } from '../sensors/client/lock.ts';
import { readArguments, requireFlag, UsageError } from './command-line.ts';
import { done, failed, Refusal, runCommand } from './lib/say.ts';

const HELP = `npm run gateway -- --config FILE [--check]

  Receives what airRohr, AirGradient, Ecowitt and Weather Underground stations send, converts the units, signs each
  reading with the device's key, keeps it on disk until the network has it, and posts it.

  --check   looks at the configuration and the keys, and asks the network about each device; sends nothing

  Exit codes: 0 done, 1 refused, 2 wrongly called. sensors/gateway/README.md has a configuration for each format.`;

await runCommand(async () => {
  try {
    await gateway(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    failed(error.message);
    console.error('Call it with --help to see how.');
    process.exitCode = 2;
  }
});

async function gateway(args: readonly string[]): Promise<void> {
  const { flags, has } = readArguments(args, { values: ['config'], switches: ['check', 'help'] });
  if (has('help')) {
    console.log(HELP);
    return;
  }
  const loaded = await load(requireFlag(flags, 'config'));
  await (has('check') ? check(loaded) : run(loaded));
}

async function load(file: string): Promise<LoadedConfig> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new Refusal(`the configuration cannot be read: ${error.message}`);
  });
  const loaded = await loadGateway(text, dirname(resolve(file)));
  if (loaded.ok) return loaded.value;
  const mistakes = loaded.error.map(({ pointer, expected }) => `  ${pointer || 'the file'}: expected ${expected}`);
  throw new Refusal(`${file} is not right:\n${mistakes.join('\n')}`);
}

async function check({ devices }: LoadedConfig): Promise<void> {
  const signal = AbortSignal.timeout(30_000);
  let isRight = true;
  for (const device of devices) {
    const { name, format } = device.config;
    const checked = await checkDevice(device, signal);
    if (checked.ok) done(`${name} (${format}): ${checked.value}`);
    else failed(`${name} (${format}): ${checked.error}`);
    isRight &&= checked.ok;
  }
  if (!isRight) throw new Refusal('not every device can send');
}

async function run(loaded: LoadedConfig): Promise<void> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const log = (line: string): void => console.log(`${timeOfDay(Date.now())} ${line}`);
  try {
    await runGateway(loaded, stopping.signal, log, (address) =>
      done(`the gateway listens on ${address} for ${loaded.devices.length} devices`),
    );
  } catch (error) {
    const isExpected = error instanceof FolderInUse || (error instanceof Error && 'code' in error);
    throw isExpected ? new Refusal(error.message) : error;
  }
  done('the gateway has stopped; what is waiting goes out at the next start');
}
