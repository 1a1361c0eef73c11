/** What `npm start` leaves in DIR/local.json, as far as the commands need it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal } from './lib/say.ts';
import type { DemoDevice } from './register-demo.ts';

export const DEFAULT_DIR = '.isobar';

export type LocalNetwork = {
  readonly api: string;
  readonly rpc: string | null;
  readonly adminToken: string | null;
  /** Contract, lower case. */
  readonly distributor: string | null;
  readonly devices: readonly DemoDevice[];
  /** Test key of the first owner of stations. */
  readonly ownerKey: string | null;
  readonly buyerKey: string | null;
};

type LocalFile = Partial<Omit<LocalNetwork, 'ownerKey' | 'buyerKey' | 'distributor'>> & {
  readonly contracts?: { readonly distributor?: string };
  readonly accounts?: Partial<Readonly<Record<'owner' | 'buyer', { readonly privateKey?: string }>>>;
};

/** Null: the network was never started here. */
export async function readLocalNetwork(dir: string): Promise<LocalNetwork | null> {
  const path = join(dir, 'local.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  try {
    const { api, rpc, adminToken, devices, accounts, contracts } = JSON.parse(text) as LocalFile;
    if (typeof api === 'string' && Array.isArray(devices)) {
      const ownerKey = accounts?.owner?.privateKey ?? null;
      const buyerKey = accounts?.buyer?.privateKey ?? null;
      const distributor = contracts?.distributor?.toLowerCase() ?? null;
      return { api, rpc: rpc ?? null, adminToken: adminToken ?? null, distributor, devices, ownerKey, buyerKey };
    }
  } catch {
    // Not JSON: answered below like any other broken file.
  }
  throw new Refusal(`${path} is broken; start the network again with npm start`);
}

/** Flag, else local.json, else a sentence that says what to give. */
export async function apiAndToken(options: {
  readonly api?: string | undefined;
  readonly token?: string | undefined;
  readonly dir: string;
}): Promise<{ readonly api: string; readonly token: string }> {
  const local = options.api && options.token ? null : await readLocalNetwork(options.dir);
  const api = options.api ?? local?.api;
  const token = options.token ?? process.env['ISOBAR_ADMIN_TOKEN'] ?? local?.adminToken;
  if (!api) throw new Refusal('which network? Start one with npm start, or give --api URL');
  if (!token) throw new Refusal('the admin token is missing: give --token or set ISOBAR_ADMIN_TOKEN');
  return { api, token };
}
