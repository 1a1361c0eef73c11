/** One program per state folder: two would send under the same nonces. A lock left by a dead process is taken over. */
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Locks asked for by this process: two of them must not write the same file. */
let made = 0;

/** Returns the release. Throws `FolderInUse` where another living process holds the lock. */
export async function lockFolder(folder: string, what: 'fleet' | 'gateway' = 'fleet'): Promise<() => Promise<void>> {
  const path = join(folder, `${what}.lock`);
  for (let attempt = 1; ; attempt++) {
    try {
      // Linked into place whole: another process never sees a lock that is still empty.
      const own = `${path}.${process.pid}.${attempt}.${(made += 1)}`;
      await writeFile(own, await lifeOf(process.pid));
      try {
        await link(own, path);
      } finally {
        await rm(own, { force: true });
      }
      return () => rm(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST') || attempt === 3) throw error;
    }
    const holder = await readFile(path, 'utf8').catch(() => ''); // gone in between: try again
    const pid = Number.parseInt(holder, 10);
    if (pid > 0 && (await lifeOf(pid)) === holder) throw new FolderInUse(what, folder, pid);
    await rm(path, { force: true });
  }
}

export class FolderInUse extends Error {
  constructor(what: string, folder: string, holder: number) {
    super(`a ${what} already runs on ${folder} (process ${holder}); stop it first, or choose another folder`);
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
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
