/** Acts as an owner's wallet and a device sign them, sent to the registry of a running network. */
import { base64 } from '@scure/base';
import { bytesToHex } from '@noble/hashes/utils.js';
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';
import { actPath, type Act, type ActKind, type ActOf } from '../../core/lifecycle/act.ts';
import { actFields, parseAct } from '../../core/lifecycle/parse-act.ts';
import { commitPosition, type ExactPosition } from '../../core/lifecycle/position.ts';
import { typedDataOf, type ActDomain } from '../../core/lifecycle/typed-data.ts';
import type { KeyAlgorithm } from '../../core/signature/did-key.ts';
import { generateKeyPem, loadDeviceKey, type SigningKey } from '../../sensors/client/key.ts';
import { contentDigest, signatureBase, signatureParameters } from '../../sensors/client/sign.ts';
import { publicPlaceOf } from '../../scripts/place.ts';
import { checkActTools } from '../../scripts/verify/tools.ts';

/** Of an auditor, but for the network's domain. */
export const ACT_TOOLS = checkActTools();

export type Owner = PrivateKeyAccount;
export const newOwner = (): Owner => privateKeyToAccount(generatePrivateKey());

export async function newKey(algorithm: KeyAlgorithm = 'ed25519'): Promise<SigningKey> {
  const key = await loadDeviceKey(await generateKeyPem(algorithm));
  if (!key.ok) throw new Error(key.error.detail);
  return key.value;
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);
export const randomHex = (bytes: number): string => bytesToHex(crypto.getRandomValues(new Uint8Array(bytes)));

export function positionAt(latitude: number, longitude: number, elevationCm: number | null = null): ExactPosition {
  const [latitudeE7, longitudeE7] = [Math.round(latitude * 1e7), Math.round(longitude * 1e7)];
  return { latitudeE7, longitudeE7, elevationCm, heightCm: 250, salt: randomHex(16) };
}

/** What an act says of a position. */
export function placedAt(position: ExactPosition) {
  const { cell, place } = publicPlaceOf({ latitude: position.latitudeE7 / 1e7, longitude: position.longitudeE7 / 1e7 });
  return { region: cell, place, position: commitPosition(position) };
}

export function makeAct<K extends ActKind>(kind: K, fields: Readonly<Record<string, unknown>>): ActOf<K> {
  const act = parseAct(kind, { issuedAt: nowSeconds(), ...fields });
  if (!act.ok) throw new Error(`${act.error.pointer} ${act.error.detail}`);
  return act.value;
}

export function claimOf(
  key: SigningKey,
  owner: Owner,
  position: ExactPosition,
  change: Readonly<Record<string, unknown>> = {},
): ActOf<'claim'> {
  return makeAct('claim', {
    device: key.did,
    owner: owner.address,
    ...placedAt(position),
    name: 'Roof',
    type: 'SDS011 on an ESP32',
    tier: 0,
    code: `0x${randomHex(16)}`,
    ...change,
  });
}

export async function signAct(owner: Owner, act: Act, domain: ActDomain): Promise<string> {
  const { types, ...data } = typedDataOf(act, domain);
  const own = Object.fromEntries(Object.entries(types).map(([name, fields]) => [name, [...fields]]));
  return owner.signTypedData({ ...data, types: own, message: { ...data.message } });
}

export type Send = {
  readonly method?: 'POST' | 'PUT';
  readonly path?: string;
  /** Beside the act. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly devices?: readonly SigningKey[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly createdSeconds?: number;
};

export async function sendAct(api: string, act: Act, send: Send = {}, ask: typeof fetch = fetch): Promise<Response> {
  const { url, ...request } = await requestOf(api, act, send);
  return ask(url, request);
}

export async function requestOf(api: string, act: Act, send: Send = {}) {
  const { method = 'POST', path = actPath(act), members = {}, devices = [], headers = {} } = send;
  const url = new URL(path, api).href;
  const body = JSON.stringify({ act: actFields(act), ...members });
  const signed =
    devices.length === 0
      ? {}
      : await signRequest(url, new TextEncoder().encode(body), devices, send.createdSeconds ?? nowSeconds());
  return { url, method, body, headers: { 'content-type': 'application/json', ...signed, ...headers } };
}

/** What a device signs to ask for what waits for it. */
export async function signGet(url: string, key: SigningKey): Promise<Record<string, string>> {
  const { host, pathname } = new URL(url);
  const params = `("@method" "@authority" "@path");created=${nowSeconds()};keyid="${key.did}";nonce="${randomHex(8)}"`;
  const base = `"@method": GET\n"@authority": ${host}\n"@path": ${pathname}\n"@signature-params": ${params}`;
  const signature = base64.encode(await key.sign(new TextEncoder().encode(base)));
  return { 'signature-input': `s=${params}`, signature: `s=:${signature}:` };
}

/** One label a key, over the same components. */
export async function signRequest(url: string, body: Uint8Array, keys: readonly SigningKey[], createdSeconds: number) {
  const digest = contentDigest(body);
  const inputs: string[] = [];
  const signatures: string[] = [];
  for (const [at, key] of keys.entries()) {
    const params = signatureParameters(key.did, createdSeconds, randomHex(8));
    const base = signatureBase({ url, contentType: 'application/json' }, digest, params);
    inputs.push(`k${at}=${params}`);
    signatures.push(`k${at}=:${base64.encode(await key.sign(new TextEncoder().encode(base)))}:`);
  }
  return { 'content-digest': digest, 'signature-input': inputs.join(', '), signature: signatures.join(', ') };
}

export async function signedGet(url: string, key: SigningKey, ask: typeof fetch = fetch): Promise<Response> {
  return ask(url, { headers: await signGet(url, key) });
}
