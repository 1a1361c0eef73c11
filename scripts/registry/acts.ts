/** Acts as the commands make and sign them (core/lifecycle). */
import type { PrivateKeyAccount } from 'viem/accounts';
import { type DeviceId, type OwnerAddress, parseOwnerAddress } from '../../core/ids.ts';
import type { Act, ActOf, Hex } from '../../core/lifecycle/act.ts';
import { commitPosition, type ExactPosition } from '../../core/lifecycle/position.ts';
import { type ActDomain, typedDataOf } from '../../core/lifecycle/typed-data.ts';
import { parseHex } from '../../core/lifecycle/parse-act.ts';
import type { StatusAnswer } from '../../schema/api/public.ts';
import type { Site } from '../device/site.ts';
import { ask } from '../lib/purchase.ts';
import { Refusal } from '../lib/say.ts';
import { publicPlaceOf } from '../place.ts';

export type NetworkTerms = {
  readonly domain: ActDomain;
  /** The server's clock less ours, so that an act signed on a machine with a wrong clock is of now. */
  readonly offsetMs: number;
};

/** What a signature is for, and when it is made: both as the network says. */
export async function readTerms(api: string): Promise<NetworkTerms> {
  const { network, time } = await ask<StatusAnswer>(new URL('/v1/status', api));
  const contract = parseHex(network.contracts.distributor.toLowerCase(), 20);
  if (!contract.ok) throw new Refusal(`${api} names no distributor`);
  return { domain: { chainId: network.chainId, contract: contract.value }, offsetMs: Date.parse(time) - Date.now() };
}

export function issuedNow({ offsetMs }: NetworkTerms): number {
  return Math.floor((Date.now() + offsetMs) / 1000);
}

export function ownerOf(account: PrivateKeyAccount): OwnerAddress {
  return ownerAddress(account.address);
}

export function ownerAddress(text: string): OwnerAddress {
  const parsed = parseOwnerAddress(text.toLowerCase());
  if (!parsed.ok) throw new Refusal(`${text} is no address: 0x and 40 hex digits`);
  return parsed.value;
}

export function signAct(account: PrivateKeyAccount, act: Act, { domain }: NetworkTerms): Promise<Hex> {
  return account.signTypedData(typedDataOf(act, domain));
}

/** With a salt of its own: two positions of one device cannot be told to be the same. */
export function exactPosition(site: Pick<Site, 'latitude' | 'longitude' | 'elevationM' | 'heightM'>): ExactPosition {
  const centimeters = (meters: number | null): number | null => (meters === null ? null : Math.round(meters * 100));
  return {
    latitudeE7: Math.round(site.latitude * 1e7),
    longitudeE7: Math.round(site.longitude * 1e7),
    elevationCm: centimeters(site.elevationM),
    heightCm: centimeters(site.heightM),
    salt: Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex'),
  };
}

/** What of a position is signed and public. */
export function placed(position: ExactPosition): Pick<ActOf<'claim'>, 'region' | 'place' | 'position'> {
  const { cell, place } = publicPlaceOf({ latitude: position.latitudeE7 / 1e7, longitude: position.longitudeE7 / 1e7 });
  return { region: cell, place, position: commitPosition(position) };
}

export function shortId(device: DeviceId): string {
  return device.slice(-6);
}
