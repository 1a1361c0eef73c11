/**
 * What may happen to a device between its claim and its end, as those concerned sign it (docs/protocol.md, "Lifecycle").
 * Each act is one EIP-712 message (typed-data.ts); in JSON it has the same fields by the same names.
 */
import type { DeviceId, OwnerAddress, PlaceCell, RegionCell } from '../ids.ts';

export type Act = ClaimAct | RelocateAct | MaintenanceAct | TransferAct | RotateAct | RetireAct;
export type ActKind = Act['kind'];
export type ActOf<K extends ActKind> = Extract<Act, { readonly kind: K }>;

/** `0x` and lower-case hex digits: 32 of a claim's code, 64 of a commitment. */
export type Hex = `0x${string}`;

/** Signed by the owner (EIP-712) and by the device (RFC 9421 over the request that carries it). */
export type ClaimAct = {
  readonly kind: 'claim';
  readonly device: DeviceId;
  readonly owner: OwnerAddress;
  readonly region: RegionCell;
  readonly place: PlaceCell;
  /** Commitment to the exact position (position.ts). */
  readonly position: Hex;
  /** Shown to the public. */
  readonly name: string;
  /** Model of the station, in the owner's words. */
  readonly type: string;
  /** As asked for; a claim is granted tier 0, and only the operator raises it. */
  readonly tier: 0 | 1 | 2;
  /** Unix seconds. */
  readonly issuedAt: number;
  /** 16 random bytes that `device init` made: the device takes no owner who has not seen them. */
  readonly code: Hex;
};

/** Signed by the owner. */
export type RelocateAct = {
  readonly kind: 'relocate';
  readonly device: DeviceId;
  readonly owner: OwnerAddress;
  readonly region: RegionCell;
  readonly place: PlaceCell;
  readonly position: Hex;
  readonly issuedAt: number;
};

/** Signed by the owner or by the device. Unix seconds; it starts no earlier than its receipt. */
export type MaintenanceAct = {
  readonly kind: 'maintenance';
  readonly device: DeviceId;
  readonly from: number;
  readonly until: number;
  readonly issuedAt: number;
};

/** Signed by both. */
export type TransferAct = {
  readonly kind: 'transfer';
  readonly device: DeviceId;
  readonly from: OwnerAddress;
  readonly to: OwnerAddress;
  readonly issuedAt: number;
};

/** Signed by the successor's key, and by the old key or, where that is lost, by the owner. */
export type RotateAct = {
  readonly kind: 'rotate';
  readonly device: DeviceId;
  readonly successor: DeviceId;
  readonly issuedAt: number;
};

/** Signed by the owner. */
export type RetireAct = { readonly kind: 'retire'; readonly device: DeviceId; readonly issuedAt: number };

export const ACT_KINDS: readonly ActKind[] = ['claim', 'relocate', 'maintenance', 'transfer', 'rotate', 'retire'];

/** Where an act is posted. A device's signature covers it, so it cannot be taken for another kind of act. */
export function actPath(act: Pick<Act, 'kind' | 'device'>): string {
  return act.kind === 'claim' ? CLAIMS_PATH : `${DEVICES_PATH}/${act.device}/${act.kind}`;
}
export const CLAIMS_PATH = '/v1/registry/claims';
export const DEVICES_PATH = '/v1/registry/devices';

/** Whether a request to this path, as it was sent and signed, was for the act: some clients escape colons. */
export function isPathOf(path: string, act: Pick<Act, 'kind' | 'device'>): boolean {
  return path.replaceAll(/%3a/gi, ':') === actPath(act);
}
