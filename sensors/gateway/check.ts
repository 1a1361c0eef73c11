/** Asks the network about each device, without sending a reading. */
import { err, ok, type Result } from '../../core/result.ts';
import type { SigningKey } from '../client/key.ts';
import { nextNonce } from '../client/nonce.ts';
import { type NetworkProblem, readProblem } from '../client/problem.ts';
import { SENML_JSON, signUpload } from '../client/sign.ts';
import type { KeyedDevice } from './gateway.ts';

/** One sentence: what the network knows, or what is wrong. */
export async function checkDevice({ config, key }: KeyedDevice, signal: AbortSignal): Promise<Result<string, string>> {
  try {
    const known = await askRegistration(config.ingestUrl, key, signal);
    if (!known.ok) return known;
    const address = await askAddress(config.ingestUrl, key, signal);
    return address.ok ? known : address;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return err(`${new URL(config.ingestUrl).host} cannot be reached (${String(error)}${cause})`);
  }
}

async function askRegistration(url: string, key: SigningKey, signal: AbortSignal): Promise<Result<string, string>> {
  const response = await fetch(new URL(`/v1/devices/${key.did}`, url), { signal });
  if (response.status === 404) return err(`the network does not know ${key.did}; register it`);
  if (!response.ok) return err(`the network answers ${response.status} about ${key.did}`);
  const body: unknown = await response.json();
  const status = typeof body === 'object' && body !== null && 'status' in body ? String(body.status) : 'unknown';
  if (status === 'retired') return err(`${key.did} is retired`);
  return ok(`${key.did}, ${status}`);
}

/** How far the network's clock is ahead of this machine's, milliseconds; 0: near enough, or nobody to ask. */
export async function askClock({ config, key }: KeyedDevice, signal: AbortSignal): Promise<number> {
  try {
    const { code, serverMs } = await postEmptyPack(config.ingestUrl, key, signal);
    return code === 'clock-skew' && serverMs !== null ? serverMs - Date.now() : 0;
  } catch {
    return 0;
  }
}

async function askAddress(url: string, key: SigningKey, signal: AbortSignal): Promise<Result<null, string>> {
  const problem = await postEmptyPack(url, key, signal);
  if (problem.code === 'empty-pack') return ok(null);
  return err(`${problem.code}: ${problem.detail}${problem.remedy === null ? '' : ` ${problem.remedy}`}`);
}

/**
 * A signed pack without readings: the network looks at address, host, clock and signature first and only then says
 * `empty-pack`. Nothing is stored, and the nonce stays unused.
 */
async function postEmptyPack(url: string, key: SigningKey, signal: AbortSignal): Promise<NetworkProblem> {
  const body = new TextEncoder().encode('[]');
  const nowMs = Date.now();
  const createdSeconds = Math.floor(nowMs / 1000);
  const upload = { url, contentType: SENML_JSON, body, createdSeconds, nonce: nextNonce(null, nowMs) };
  const headers = { ...(await signUpload(key, upload)) };
  return readProblem(await fetch(url, { method: 'POST', headers, body, signal }));
}
