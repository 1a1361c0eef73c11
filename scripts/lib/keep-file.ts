/** Files that must be whole after a kill or a loss of power: written aside, synced, put in place by one rename. */
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Only for its owner to read: what is kept this way are keys and what lies beside them. */
export async function keepFile(path: string, text: string): Promise<void> {
  const aside = `${path}.new`;
  // Anew each time: an older file with wider rights would keep them.
  await rm(aside, { force: true });
  await writeAndSync(aside, text);
  await moveFile(aside, path);
}

/** False where a file is there already, which then stays as it is: a key overwritten would be a device lost. */
export async function makeFile(path: string, text: string): Promise<boolean> {
  const aside = `${path}.${process.pid}.new`;
  await rm(aside, { force: true });
  await writeAndSync(aside, text);
  const made = await linkFile(aside, path);
  await rm(aside);
  return made;
}

/** A second name for the same file; false where that name is taken. */
export async function linkFile(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  await syncDirectory(dirname(to));
  return true;
}

export async function moveFile(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(dirname(to));
}

async function writeAndSync(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
