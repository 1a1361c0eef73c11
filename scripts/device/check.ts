import type { ReceiptFlag, RefusedReading } from '../../core/region/receipt.ts';
import { generateKeyPem, loadDeviceKey, type SigningKey } from '../../sensors/client/key.ts';
import { nextNonce } from '../../sensors/client/nonce.ts';
import { readProblem } from '../../sensors/client/problem.ts';
import { SENML_JSON, signUpload } from '../../sensors/client/sign.ts';
import { request, sentenceOf } from '../admin-client.ts';
import { readArguments } from '../command-line.ts';
import { requireKeyFile } from '../key-file.ts';
import { dim, done, Refusal } from '../lib/say.ts';
import { apiOf } from './open.ts';
import { printFlags, printRefused } from './print-receipt.ts';
import { READING_FLAGS, readBatchBody } from './readings.ts';

/** Answer of `POST /v1/check`. */
type Verdict = {
  readonly verdict: string;
  readonly device: string;
  readonly readings: { readonly accepted: number; readonly refused: readonly RefusedReading[] };
  readonly flags: readonly ReceiptFlag[];
  readonly notChecked?: readonly string[];
};

export async function checkReadings(args: readonly string[]): Promise<void> {
  const { flags } = readArguments(args, { values: [...READING_FLAGS, 'key', 'dir', 'api'] });
  const api = await apiOf(flags, null);
  const key = flags['key'] === undefined ? await momentaryKey() : await requireKeyFile(flags['key']);
  const body = await readBatchBody(flags, key, Date.now());
  const url = new URL('/v1/check', api);
  const nowMs = Date.now();
  const upload = {
    url: url.href,
    contentType: SENML_JSON,
    body,
    createdSeconds: Math.floor(nowMs / 1000),
    nonce: nextNonce(null, nowMs),
  };
  const headers = await signUpload(key, upload);
  const response = await request(url, { method: 'POST', headers: { ...headers }, body: Uint8Array.from(body) });
  if (!response.ok) throw new Refusal(sentenceOf(await readProblem(response)));
  const verdict = await response.json<Verdict>();
  done(`${verdict.verdict}: ${verdict.readings.accepted} readings, signed by ${verdict.device}`);
  printRefused(verdict.readings.refused);
  printFlags(verdict.flags);
  if (verdict.notChecked) console.log(dim(`  not checked: ${verdict.notChecked.join(', ')}`));
}

async function momentaryKey(): Promise<SigningKey> {
  const key = await loadDeviceKey(await generateKeyPem('ed25519'));
  if (!key.ok) throw new Error(key.error.detail);
  return key.value;
}
