/** Puts a finished folder in the place of another one that somebody may be reading: a Worker that starts, or serves it. */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * File by file, each at once as rename(2) does it; a file that both have is there at every moment. What only `to` has goes
 * last. `from` is empty afterwards. Both on one file system.
 */
export async function replaceFiles(from: string, to: string): Promise<void> {
  const fresh = await filesIn(from);
  for (const path of fresh) {
    await mkdir(dirname(join(to, path)), { recursive: true });
    await rename(join(from, path), join(to, path));
  }
  const kept = new Set(fresh);
  const stale = (await filesIn(to)).filter((path) => !kept.has(path));
  await Promise.all(stale.map((path) => rm(join(to, path), { force: true })));
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
