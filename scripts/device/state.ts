/**
 * What a device remembers beside its key: `device.pem` has `device.device.json`. Written by `init`, `claim` and `rotate`, read by
 * all that follows, so that nobody copies an address by hand. It holds the claim code and the exact place, and is private.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type DeviceId, parseDeviceId } from '../../core/ids.ts';
import { nestsDeeper } from '../../core/json-depth.ts';
import { type ExactPosition, parsePosition } from '../../core/lifecycle/position.ts';
import { keepFile } from '../lib/keep-file.ts';
import { Refusal } from '../lib/say.ts';

const KIND = 'isobar-device';
const VERSION = 1;
/** It has six. */
const MAX_DEPTH = 32;

const DeviceText = z.string().transform((text, context): DeviceId => {
  const parsed = parseDeviceId(text);
  if (parsed.ok) return parsed.value;
  context.addIssue({ code: 'custom', message: 'is no device id' });
  return z.NEVER;
});

const Position = z.json().transform((given, context): ExactPosition => {
  const parsed = parsePosition(given);
  if (parsed.ok) return parsed.value;
  context.addIssue({ code: 'custom', message: 'is no position with its salt' });
  return z.NEVER;
});

const Url = z.url({ protocol: /^https?$/ });

const Address = z.object({ ingestUrl: Url, region: z.string() });

const StateFile = z.object({
  kind: z.literal(KIND),
  version: z.literal(VERSION),
  device: DeviceText,
  /** 16 bytes, hex: who has it may claim the device together with the key. */
  code: z.string().regex(/^[0-9a-f]{32}$/),
  /** The network that the device belongs to. */
  api: Url.nullable(),
  /** Where it posts to, once claimed. */
  address: Address.nullable(),
  /** Of the newest batch that `send` brought to the network. */
  lastReceipt: z
    .object({
      receipt: z.string(),
      received: z.string(),
      accepted: z.int(),
      refused: z.int(),
      flags: z.array(z.object({ quantity: z.string(), time: z.string(), test: z.string(), flag: z.int() })),
    })
    .nullable(),
  /** A claim that was sent and not yet answered: the same one goes again. */
  claim: z.json().nullable(),
  /**
   * Every position signed from here, newest last. The network keeps the digest only: without the salt nobody can show later what
   * was signed. Files of before this was kept have none.
   */
  positions: z.array(Position).default([]),
  /** A change of key that was begun (rotate.ts). */
  rotation: z.object({ successor: DeviceText, body: z.json(), address: Address.nullable() }).nullable(),
});
type StateFile = z.infer<typeof StateFile>;

export type DeviceState = Omit<StateFile, 'kind' | 'version'>;
export type DeviceAddress = z.infer<typeof Address>;

export function stateFileOf(keyFile: string): string {
  return `${stemOf(keyFile)}.device.json`;
}

export function queueFileOf(keyFile: string): string {
  return `${stemOf(keyFile)}.queue`;
}

/** The key file's name without its ending: what lies beside a key begins with it. */
export function stemOf(keyFile: string): string {
  return keyFile.replace(/\.pem$/, '');
}

/** Null: nothing was remembered yet. A file that cannot be read is refused: guessing could lose an address or a key. */
export async function readState(keyFile: string): Promise<DeviceState | null> {
  const path = stateFileOf(keyFile);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new Refusal(`${path} cannot be read: ${error.message}`);
  });
  return text === null ? null : parseState(text, path);
}

export function parseState(text: string, path: string): DeviceState {
  const parsed = StateFile.safeParse(jsonOf(text));
  if (parsed.success) {
    const { kind: _kind, version: _version, ...state } = parsed.data;
    return state;
  }
  const [issue] = parsed.error.issues;
  throw new Refusal(
    `${path} is not what a device remembers (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}); ` +
      'move it away and claim again to write a new one',
  );
}

export async function writeState(keyFile: string, state: DeviceState): Promise<void> {
  const file: StateFile = { kind: KIND, version: VERSION, ...state };
  await keepFile(stateFileOf(keyFile), `${JSON.stringify(file, null, 2)}\n`);
}

export function newState(device: DeviceId, api: string | null): DeviceState {
  const code = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex');
  return { device, code, api, address: null, lastReceipt: null, claim: null, positions: [], rotation: null };
}

/** Before it is sent: the network may take what was never answered. */
export function withPosition(state: DeviceState, position: ExactPosition): DeviceState {
  return { ...state, positions: [...state.positions, position] };
}

/** Undefined: no JSON, or none that we wrote. */
function jsonOf(text: string): unknown {
  if (nestsDeeper(text, MAX_DEPTH)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
