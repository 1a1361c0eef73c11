/** The local chain outlives its process. Runs the real anvil. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Chain, startChain } from '../../scripts/lib/chain.ts';
import { ROOT } from '../../scripts/lib/files.ts';
import { isFree } from '../../scripts/lib/ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'isobar-chain-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ALICE = `0x${'a1'.repeat(20)}`;
const start = (stateFile: string | null) => startChain({ stateFile, port: 0, blockSeconds: null });

async function blockSeconds(chain: Chain, tag: string): Promise<number> {
  const block = (await chain.request('eth_getBlockByNumber', [tag, false])) as { readonly timestamp: string };
  return Number(block.timestamp);
}

test('the chain is an OP chain of today', async () => {
  const chain = await start(null);
  try {
    expect(await chain.request('eth_chainId')).toBe('0xa');
    expect(Math.abs((await blockSeconds(chain, 'latest')) - Date.now() / 1000)).toBeLessThan(60);
  } finally {
    await chain.stop();
  }
});

test('what was saved is there again after a kill, and finalized can be read at once', async () => {
  const stateFile = join(folder, 'chain.bin');
  const first = await start(stateFile);
  await first.request('anvil_setBalance', [ALICE, '0x2a']);
  await first.request('anvil_mine', ['0x3']);
  await first.save();
  await first.kill();

  const second = await start(stateFile);
  try {
    expect(second.continued).toBe(true);
    expect(await second.request('eth_getBalance', [ALICE, 'finalized'])).toBe('0x2a');
    expect(await blockSeconds(second, 'latest')).toBeGreaterThanOrEqual(await blockSeconds(second, '0x3'));
  } finally {
    await second.stop();
  }
});

test('a stop saves what happened since the last save', async () => {
  const stateFile = join(folder, 'stopped.bin');
  const first = await start(stateFile);
  await first.request('anvil_setBalance', [ALICE, '0x2b']);
  await first.stop();
  const second = await start(stateFile);
  try {
    expect(await second.request('eth_getBalance', [ALICE, 'latest'])).toBe('0x2b');
  } finally {
    await second.stop();
  }
});

test('a damaged state is refused with the remedy, and nothing is left running', async () => {
  const stateFile = join(folder, 'chain.bin');
  writeFileSync(stateFile, readFileSync(stateFile).subarray(0, 100));
  await expect(start(stateFile)).rejects.toThrow('--fresh');
  writeFileSync(stateFile, 'not a state');
  await expect(start(stateFile)).rejects.toThrow('--fresh');
});

test('a chain ends with the process that started it, whatever that died of', async () => {
  const script = `
    import { startChain } from ${JSON.stringify(join(ROOT, 'scripts/lib/chain.ts'))};
    const chain = await startChain({ stateFile: null, port: 0, blockSeconds: null });
    console.log(chain.rpc);
  `;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const port = Number(new URL(line.toString().trim()).port);
  expect(await isFree(port)).toBe(false);
  parent.kill('SIGKILL');
  await expect.poll(() => isFree(port), { timeout: 5_000 }).toBe(true);
});
