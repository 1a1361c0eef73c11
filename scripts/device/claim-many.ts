/** `device claim --csv FILE`: many devices of one owner. What was claimed by an earlier run is left as it is. */
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { generateKeyPem } from '../../sensors/client/key.ts';
import type { Arguments } from '../command-line.ts';
import { readKeyFile } from '../key-file.ts';
import { keepFile, makeFile } from '../lib/keep-file.ts';
import { bold, dim, done, failed, Refusal } from '../lib/say.ts';
import { apiOf, openKeyFile } from './open.ts';
import { requireOwner } from './owner-key.ts';
import { readTerms } from '../registry/acts.ts';
import { claimAs, tierOf } from './claim-device.ts';
import { type ListedDevice, parseClaimList, type ResultRow, writeResults } from './claim-list.ts';

export async function claimFromList({ flags }: Arguments): Promise<void> {
  const path = flags['csv'] ?? '';
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new Refusal(`${path} cannot be read: ${error.message}`);
  });
  const keys = flags['keys'] ?? join(dirname(path), 'keys');
  /** Paths of a list count from the list, so that it may be run from anywhere. */
  const keyFileOf = (key: ListedDevice['key']): string =>
    'made' in key ? join(keys, `${key.made}.pem`) : resolve(dirname(path), key.file);
  const { devices, errors } = parseClaimList(text, (key) => resolve(keyFileOf(key)));
  const missing = await missingKeys(devices, keyFileOf);
  if (errors.length + missing.length > 0) {
    for (const wrong of [...errors, ...missing]) failed(`${path}, ${wrong}`);
    throw new Refusal('nothing was claimed; correct the list and run the same command again');
  }
  const api = await apiOf(flags, null);
  const owner = await requireOwner(flags, api);
  const tier = tierOf(flags['tier']);
  const terms = await readTerms(api);
  const out = flags['out'] ?? path.replace(/(?:\.csv)?$/, '.claimed.csv');
  const results: ResultRow[] = [];
  // Found out now: an address that cannot be written down would be of no use to anybody.
  await keepResults();
  for (const [at, listed] of devices.entries()) {
    const row = await claimOne(listed);
    results.push(row);
    console.log(`${dim(`${at + 1} of ${devices.length}`)}  ${row.name.padEnd(24)} ${row.result}`);
    // After each: a run that is stopped leaves what it did.
    await keepResults();
  }
  const refused = results.filter(({ result }) => result.startsWith('refused'));
  const known = results.filter(({ result }) => result === 'claimed before').length;
  done(`${results.length - refused.length - known} claimed, ${known} claimed before; ${bold(out)} has their addresses`);
  if (refused.length > 0)
    throw new Refusal(`${refused.length} refused; run the same command again when that is mended`);

  async function keepResults(): Promise<void> {
    await keepFile(out, writeResults(results)).catch((error: Error) => {
      const claimed = results.length === 0 ? 'nothing was claimed' : 'what is claimed stays so';
      throw new Refusal(`${out} cannot be written: ${error.message}; ${claimed}`);
    });
  }

  async function claimOne({ line, key, site }: ListedDevice): Promise<ResultRow> {
    const keyFile = keyFileOf(key);
    if ('made' in key) {
      await mkdir(dirname(keyFile), { recursive: true, mode: 0o700 });
      // False: made by an earlier run.
      await makeFile(keyFile, await generateKeyPem('ed25519'));
    }
    const device = await openKeyFile(keyFile);
    const name = site.name ?? basename(keyFile, '.pem');
    const row = { line: String(line), key: keyFile, name, device: device.key.did };
    const addressOf = (of: typeof device.state.address) => ({
      region: of?.region ?? '',
      'ingest address': of?.ingestUrl ?? '',
    });
    if (device.state.address !== null) return { ...row, ...addressOf(device.state.address), result: 'claimed before' };
    try {
      const claimed = await claimAs(device, api, owner, { ...site, name }, tier, terms);
      return { ...row, ...addressOf(claimed.state.address), result: 'claimed' };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { ...row, ...addressOf(null), result: `refused: ${error.message}` };
    }
  }
}

async function missingKeys(
  devices: readonly ListedDevice[],
  keyFileOf: (key: ListedDevice['key']) => string,
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const { line, key } of devices) {
    if ('made' in key) continue;
    const file = keyFileOf(key);
    try {
      if ((await readKeyFile(file)) === null) missing.push(`line ${line}: ${key.file} does not exist`);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      missing.push(`line ${line}: ${error.message}`);
    }
  }
  return missing;
}
