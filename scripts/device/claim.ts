import { addDevice } from '../admin.ts';
import { readArguments } from '../command-line.ts';
import { requireKeyFile } from '../key-file.ts';
import { DEFAULT_KEY_FILE } from './init.ts';

/** For now the admin command under another name; claiming with the owner's wallet comes later. */
export async function claim(args: readonly string[]): Promise<void> {
  const values = ['key', 'did', 'api', 'token', 'dir', 'owner', 'lat', 'lon', 'elevation', 'name', 'tier'];
  const { flags } = readArguments(args, { values });
  const did = flags['did'] ?? (await requireKeyFile(flags['key'] ?? DEFAULT_KEY_FILE)).did;
  const passed = Object.entries({ ...flags, key: undefined, did, status: 'claimed' });
  await addDevice(passed.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])));
}
