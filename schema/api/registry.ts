/** `/v1/registry/...`: claims and the life of devices (docs/protocol.md, "Lifecycle"). */
import { z } from 'zod';
import { Address, Cell, DeviceKey, named, PlaceCell, type Shape, Status, Time } from './shape.ts';

const Seconds = z.int().min(0).describe('Unix seconds.');
const Bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/);
const OwnerSignature = z
  .string()
  .regex(/^0x[0-9a-fA-F]{130}$/)
  .describe('EIP-712 over the act: r, s, v.');
const Kind = z.enum(['claim', 'relocate', 'maintenance', 'transfer', 'rotate', 'retire']);
const Tier = z.literal([0, 1, 2]);

export const ExactPosition = named(
  'ExactPosition',
  z
    .object({
      latitudeE7: z.int(),
      longitudeE7: z.int(),
      elevationCm: z.int().nullable().describe('Above sea level.'),
      heightCm: z.int().nullable().describe('Above ground.'),
      salt: z.string().regex(/^[0-9a-f]{32}$/),
    })
    .describe('Private: only the commitment to it is published.'),
);

const PLACED = {
  device: DeviceKey,
  owner: Address,
  region: Cell,
  place: PlaceCell,
  position: Bytes32.describe('Commitment to the exact position.'),
};

export const ClaimAct = named(
  'ClaimAct',
  z.object({
    ...PLACED,
    name: z.string(),
    type: z.string().describe('Model of the station.'),
    tier: Tier.describe('As asked for; 0 is granted, and the operator may raise it.'),
    issuedAt: Seconds,
    code: z
      .string()
      .regex(/^0x[0-9a-f]{32}$/)
      .describe('Of the claim link.'),
  }),
);
export const RelocateAct = named('RelocateAct', z.object({ ...PLACED, issuedAt: Seconds }));
export const MaintenanceAct = named(
  'MaintenanceAct',
  z.object({ device: DeviceKey, from: Seconds, until: Seconds, issuedAt: Seconds }),
);
export const TransferAct = named(
  'TransferAct',
  z.object({ device: DeviceKey, from: Address, to: Address, issuedAt: Seconds }),
);
export const RotateAct = named('RotateAct', z.object({ device: DeviceKey, successor: DeviceKey, issuedAt: Seconds }));
export const RetireAct = named('RetireAct', z.object({ device: DeviceKey, issuedAt: Seconds }));

export const ClaimBody = named('ClaimBody', z.object({ act: ClaimAct, ownerSignature: OwnerSignature }));
export const WaitingBody = named(
  'WaitingBody',
  z.object({ act: ClaimAct, ownerSignature: OwnerSignature, position: ExactPosition }),
);
export const RelocateBody = named(
  'RelocateBody',
  z.object({ act: RelocateAct, ownerSignature: OwnerSignature, position: ExactPosition }),
);
export const MaintenanceActBody = named(
  'MaintenanceActBody',
  z.object({ act: MaintenanceAct, ownerSignature: OwnerSignature.optional() }),
);
export const TransferBody = named(
  'TransferBody',
  z.object({ act: TransferAct, ownerSignature: OwnerSignature, newOwnerSignature: OwnerSignature }),
);
export const RotateBody = named('RotateBody', z.object({ act: RotateAct, ownerSignature: OwnerSignature.optional() }));
export const RetireBody = named('RetireBody', z.object({ act: RetireAct, ownerSignature: OwnerSignature }));

export const RegistryAnswer = named(
  'RegistryAnswer',
  z
    .object({
      device: DeviceKey.describe('Of a rotation: the successor.'),
      version: z.int(),
      status: Status,
      region: Cell,
      ingestUrl: z.url().describe('Where it posts.'),
      owner: Address,
      name: z.string(),
      place: PlaceCell,
      elevationM: z.number().nullable(),
      density: PlaceCell.describe('Density cell: `place`.'),
      tier: z.int(),
      act: z.object({ kind: Kind, hash: Bytes32.describe('EIP-712 digest.'), received: Time }),
    })
    .describe('The device as the act left it.'),
);
export type RegistryAnswer = Shape<typeof RegistryAnswer>;

const Fields = z.record(z.string(), z.union([z.string(), z.number()]));

export const WaitingKept = named('WaitingKept', z.object({ device: DeviceKey, expires: Time }));
export const WaitingAnswer = named(
  'WaitingAnswer',
  z.object({ act: Fields, ownerSignature: OwnerSignature, position: ExactPosition, expires: Time }),
);
export type WaitingAnswer = Shape<typeof WaitingAnswer>;

export const EventsAnswer = named(
  'EventsAnswer',
  z.object({
    device: DeviceKey,
    events: z.array(
      z.object({
        kind: Kind,
        hash: Bytes32,
        version: z.int().describe('Of the device, after it.'),
        region: Cell,
        received: Time,
        act: Fields.describe('As signed.'),
        owners: z.array(z.object({ address: Address, signature: OwnerSignature })),
        devices: z.array(
          z.object({ device: DeviceKey, evidence: z.string().describe('The signed request: CBOR in base64.') }),
        ),
      }),
    ),
  }),
);
export type EventsAnswer = Shape<typeof EventsAnswer>;
