/** A command with subcommands: help, flags, exit codes 0 done, 1 refused, 2 wrongly called. */
import { parseArgs } from 'node:util';
import { endQuietlyAfterPipe, failed, Refusal } from './lib/say.ts';

/** The command was called wrongly; `help` says how to call it. */
export class UsageError extends Error {}

export type Flags = Readonly<Record<string, string | undefined>>;
export type Arguments = {
  readonly words: readonly string[];
  readonly flags: Flags;
  readonly has: (name: string) => boolean;
};

type Spec = {
  /** Flags with a value: `--lat 40.4`. */
  readonly values?: readonly string[];
  /** Flags without: `--backfill-only`. */
  readonly switches?: readonly string[];
  /** Words that may stand without a flag. */
  readonly words?: number;
};

export function readArguments(args: readonly string[], { values = [], switches = [], words = 0 }: Spec): Arguments {
  const options = Object.fromEntries([
    ...values.map((name) => [name, { type: 'string' }] as const),
    ...switches.map((name) => [name, { type: 'boolean' }] as const),
  ]);
  try {
    const parsed = parseArgs({ args: joinNegative(args), options, allowPositionals: true });
    if (parsed.positionals.length > words) throw new UsageError(`"${parsed.positionals[words]}" is one word too many`);
    const given = new Map<string, unknown>(Object.entries(parsed.values));
    const flags = Object.fromEntries(values.map((name) => [name, textOf(given.get(name))]));
    for (const name of ADDRESS_FLAGS) requireHttp(name, flags[name]);
    return { words: parsed.positionals, flags, has: (name) => given.get(name) === true };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The same in every command: the network's, a chain's, one device's and the pages'. */
const ADDRESS_FLAGS = ['api', 'rpc', 'url', 'web'] as const;

function requireHttp(flag: string, text: string | undefined): void {
  if (text === undefined || isHttpAddress(text)) return;
  throw new UsageError(`--${flag} ${text} is no address; write https://...`);
}

/** "localhost:8787" can be parsed, too: as an address of the scheme "localhost". */
export function isHttpAddress(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '');
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** `--lon -3.7` reads as a flag without a value for parseArgs; `--lon=-3.7` does not. */
function joinNegative(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1);
    if (/^-\.?\d/.test(arg) && before !== undefined && /^--[a-z-]+$/.test(before))
      joined[joined.length - 1] = `${before}=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

export function requireFlag(flags: Flags, name: string): string {
  const value = flags[name];
  if (value === undefined || value === '') throw new UsageError(`--${name} is missing`);
  return value;
}

export function numberFlag(flags: Flags, name: string): number | undefined {
  const text = flags[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new UsageError(`--${name} ${text} is not a number`);
  return value;
}

export function requireNumber(flags: Flags, name: string): number {
  const value = numberFlag(flags, name);
  if (value === undefined) throw new UsageError(`--${name} is missing`);
  return value;
}

export type Subcommands = ReadonlyMap<string, (args: readonly string[]) => Promise<void>>;

export async function runSubcommand(help: string, subcommands: Subcommands, args: readonly string[]): Promise<void> {
  endQuietlyAfterPipe();
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || rest.includes('--help')) {
    console.log(help);
    return;
  }
  try {
    const subcommand = subcommands.get(name);
    if (!subcommand)
      throw new UsageError(`there is no command "${name}"; there are ${[...subcommands.keys()].join(', ')}`);
    await subcommand(rest);
  } catch (error) {
    if (error instanceof UsageError) {
      failed(error.message);
      console.error('Call it with "help" to see how.');
      process.exitCode = 2;
    } else if (error instanceof Refusal) {
      failed(error.message);
      process.exitCode = 1;
    } else throw error;
  }
}
