import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FolderInUse, lockFolder } from './lock.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'isobar-lock-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

test('a held folder is refused, a released one is free', async () => {
  const path = await folder();
  const unlock = await lockFolder(path);
  await expect(lockFolder(path)).rejects.toThrow(FolderInUse);
  await unlock();
  await (
    await lockFolder(path)
  )();
});

test('a folder whose holder was killed is free at once', async () => {
  const path = await folder();
  const program = `import { lockFolder } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))};
    await lockFolder(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  await expect(lockFolder(path)).rejects.toThrow(`process ${holder.pid}`);
  const exited = once(holder, 'exit');
  holder.kill('SIGKILL');
  await exited;
  await (
    await lockFolder(path)
  )();
});

test('the number of a process that came later does not hold a lock', async () => {
  const path = await folder();
  await writeFile(join(path, 'fleet.lock'), `${process.pid} 1`);
  await (
    await lockFolder(path)
  )();
});

test('who judged by a lock that is gone by now leaves the lock of whoever was faster', async () => {
  const path = await folder();
  const file = join(path, 'fleet.lock');
  // A pipe, so that the slower one reads what the dead process left only after the other has taken over.
  execFileSync('mkfifo', [file]);
  const slower = lockFolder(path).catch((error: unknown) => error);
  const left = await open(file, 'w');
  await rm(file);
  const unlock = await lockFolder(path);
  await left.writeFile(`${process.pid} 1`);
  await left.close();
  expect(await slower).toBeInstanceOf(FolderInUse);
  await unlock();
  expect(await readdir(path)).toEqual([]);
});

test('a program that was killed while it took over is taken over too', async () => {
  const path = await folder();
  await writeFile(join(path, 'fleet.lock'), `${process.pid} 1`);
  await writeFile(join(path, 'fleet.lock.takeover'), `${process.pid} 2`);
  const unlock = await lockFolder(path);
  await expect(lockFolder(path)).rejects.toThrow(FolderInUse);
  await unlock();
  expect(await readdir(path)).toEqual([]);
});
