/** Signed acts in logs that somebody else has written. A file of its own: the edge reads only what we stored. */
import { parseDeviceId, parseOwnerAddress } from '../ids.ts';
import { ACT_KINDS } from './act.ts';
import { isObject } from './fields.ts';
import { parseAct } from './parse-act.ts';
import type { SignedAct } from './signed-act.ts';

/** Null: not of this form. */
export function readSignedAct(given: unknown): SignedAct | null {
  if (!isObject(given) || !isObject(given['act']) || !isObject(given['domain'])) return null;
  const { kind, ...fields } = given['act'];
  const { chainId, contract } = given['domain'];
  const known = ACT_KINDS.find((one) => one === kind);
  const act = known === undefined ? null : parseAct(known, fields);
  const verifying = parseOwnerAddress(contract);
  const owners = readList(given['owners'], (one) => {
    const address = parseOwnerAddress(one['address']);
    const { signature } = one;
    return address.ok && signature instanceof Uint8Array ? { address: address.value, signature } : null;
  });
  const devices = readList(given['devices'], (one) => {
    const device = parseDeviceId(one['device']);
    const { evidence } = one;
    return device.ok && evidence instanceof Uint8Array ? { device: device.value, evidence } : null;
  });
  if (act === null || !act.ok || !verifying.ok || typeof chainId !== 'number' || owners === null || devices === null)
    return null;
  return { act: act.value, domain: { chainId, contract: verifying.value }, owners, devices };
}

function readList<T>(given: unknown, read: (one: Readonly<Record<string, unknown>>) => T | null): readonly T[] | null {
  if (!Array.isArray(given)) return null;
  const items: T[] = [];
  for (const one of given as readonly unknown[]) {
    const item = isObject(one) ? read(one) : null;
    if (item === null) return null;
    items.push(item);
  }
  return items;
}
