/** One program per state folder or queue: two would send under the same nonces. A lock left by a dead process is taken over. */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Locks asked for by this process: two of them must not write the same file. */
let made = 0;

/** Returns the release. Throws `FolderInUse` where another living process holds the lock. */
export function lockFolder(folder: string, what: 'fleet' | 'gateway' = 'fleet'): Promise<() => Promise<void>> {
  return lock(join(folder, `${what}.lock`), `a ${what} already runs on ${folder}`);
}

/** @param inUse what to say where it is held; the process is added */
export async function lock(path: string, inUse: string): Promise<() => Promise<void>> {
  if (Deno) return lockInDeno(Deno, path, inUse);
  // Put into place whole: another process never sees a lock that is still empty.
  const own = `${path}.${process.pid}.${(made += 1)}`;
  await writeFile(own, await lifeOf(process.pid));
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      if ((await isLinked(own, path)) || (await isTakenOver(own, path, inUse))) return () => rm(path, { force: true });
    }
    throw new FolderInUse(inUse);
  } finally {
    await rm(own, { force: true });
  }
}

async function isLinked(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/**
 * Two programs may find the same holder dead. Whoever takes over has a lock on that alone, and under it nobody else can
 * replace what a dead process left; so the one that comes later sees the lock of the first and leaves it.
 */
async function isTakenOver(own: string, path: string, inUse: string): Promise<boolean> {
  const holder = await readLock(path);
  if (holder === null) return false;
  const pid = Number.parseInt(holder, 10);
  if (pid > 0 && (await lifeOf(pid)) === holder) throw new FolderInUse(`${inUse} (process ${pid})`);
  const done = await lock(`${path}.takeover`, inUse);
  try {
    if ((await readLock(path)) !== holder) return false;
    await rename(own, path);
    return true;
  } finally {
    await done();
  }
}

/** Null: released in between. */
async function readLock(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

export class FolderInUse extends Error {
  constructor(inUse: string) {
    super(`${inUse}; stop it first, or choose another folder`);
  }
}

/**
 * Number and time of start, since numbers are given out again; empty for a process that is gone or killed and not yet
 * buried. Where there is no /proc, the number alone.
 */
async function lifeOf(pid: number): Promise<string> {
  const self = await readFile('/proc/self/stat', 'utf8').catch(() => null);
  if (self === null) return isThere(pid) ? `${pid}` : '';
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // proc(5): after the command in parentheses comes the state as field 3; the time of start is field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields[0], fields[19]];
  return stat === '' || state === 'Z' || state === 'X' ? '' : `${pid} ${started}`;
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 asks only whether the process is there
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

type DenoFile = { tryLock(isExclusive: boolean): Promise<boolean>; close(): void };
type DenoFiles = { open(path: string, options: { write: true; create: true }): Promise<DenoFile> };

/** Undefined in Node. */
const { Deno } = globalThis as { readonly Deno?: DenoFiles };

/** Deno needs more rights to look at other processes than to lock a file (flock), which ends with its process. */
async function lockInDeno(deno: DenoFiles, path: string, inUse: string): Promise<() => Promise<void>> {
  const file = await deno.open(path, { write: true, create: true });
  if (!(await file.tryLock(true))) {
    file.close();
    throw new FolderInUse(inUse);
  }
  // The file stays: whoever waits for it by name must find the same one.
  return () => Promise.resolve(file.close());
}
