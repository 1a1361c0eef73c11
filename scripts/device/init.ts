import { writeFile } from 'node:fs/promises';
import { generateKeyPem, KEY_ALGORITHMS } from '../../sensors/client/key.ts';
import type { KeyAlgorithm } from '../../core/signature/did-key.ts';
import { readArguments, UsageError } from '../command-line.ts';
import { makeFile } from '../lib/keep-file.ts';
import { bold, dim, done, Refusal } from '../lib/say.ts';
import { claimLink, DEFAULT_KEY_FILE, findApi, openKeyFile, webOf } from './open.ts';
import { svgQr, terminalQr } from './qr.ts';
import { type DeviceState, stateFileOf, writeState } from './state.ts';

export async function init(args: readonly string[]): Promise<void> {
  const { flags, has } = readArguments(args, {
    values: ['key', 'algorithm', 'dir', 'api', 'web', 'svg'],
    switches: ['no-qr'],
  });
  const path = flags['key'] ?? DEFAULT_KEY_FILE;
  const algorithm = algorithmOf(flags['algorithm'] ?? 'ed25519');
  const api = await findApi(flags, null);
  const web = api === null ? null : webOf(flags, api);
  if (!(await makeFile(path, await generateKeyPem(algorithm)).catch(refuseByName)))
    throw new Refusal(`${path} is there already and stays; choose another --key FILE`);
  const { state } = await openKeyFile(path);
  if (api !== null) await writeState(path, { ...state, api });
  done(`${path} holds the device's key; keep it, it is the device`);
  done(`${stateFileOf(path)} holds its claim code and, later, its address; keep it private`);
  console.log(`\n${state.device}\n`);
  if (web === null) {
    console.log(`Next: npm run device -- claim${keyFlag(path)} --api URL --lat N --lon N`);
    return;
  }
  await showLink(state, web, { isQrShown: !has('no-qr'), svgFile: flags['svg'] });
  console.log(`\nNext, with the owner's wallet in a browser: open the link, and run`);
  console.log(bold(`  npm run device -- claim${keyFlag(path)} --link`));
  console.log("or with the owner's key on this machine:");
  console.log(bold(`  npm run device -- claim${keyFlag(path)} --lat N --lon N`));
}

export async function showLink(
  state: DeviceState,
  web: string,
  { isQrShown, svgFile }: { readonly isQrShown: boolean; readonly svgFile: string | undefined },
): Promise<void> {
  const link = claimLink(web, state);
  if (isQrShown) console.log(`${terminalQr(link)}\n`);
  console.log(link);
  console.log(dim('Whoever opens it can ask for the device; the device agrees only where its own key says so, too.'));
  if (svgFile === undefined) return;
  // It carries the claim code.
  await writeFile(svgFile, svgQr(link), { mode: 0o600 }).catch(refuseByName);
  done(`${svgFile} holds the same code as a picture`);
}

const keyFlag = (path: string): string => (path === DEFAULT_KEY_FILE ? '' : ` --key ${path}`);

export function algorithmOf(named: string): KeyAlgorithm {
  const algorithm = KEY_ALGORITHMS.find((known) => known === named);
  if (!algorithm) throw new UsageError(`--algorithm ${named}: one of ${KEY_ALGORITHMS.join(', ')}`);
  return algorithm;
}

function refuseByName(error: Error): never {
  throw new Refusal(error.message);
}
