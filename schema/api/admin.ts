/** Bodies and answers of the operator's commands. */
import { z } from 'zod';
import { Address, Cell, Count, DeviceKey, named, PlaceCell, QuantityCode, Status, Time } from './shape.ts';

const E5 = z.int().describe('1e-5 degrees.');

export const RegionSummary = named(
  'RegionSummary',
  z.object({
    cell: Cell,
    name: z.string(),
    seq: Count,
    devices: Count,
    firstHour: z.int().nullable(),
    closedThrough: z.int().nullable().describe('Last closed hour, null before the first.'),
    batches: Count,
    readings: Count,
    stateHash: z.string().describe('SHA-256 of the folded state.'),
    publishedSeq: Count,
  }),
);

export const RegionFields = named(
  'RegionFields',
  z.object({ name: z.string(), boundary: z.array(z.tuple([E5, E5])).describe('Corners, [longitude, latitude].') }),
);

const DEVICE_FIELDS = {
  version: z.int().describe('That the change is based on, 0 for a new device.'),
  cell: Cell,
  status: Status,
  owner: Address,
  displayName: z.string(),
  place: PlaceCell,
  latitudeE5: E5,
  longitudeE5: E5,
  elevationM: z.number().nullable(),
  tier: z.literal([0, 1, 2]),
};
export const DeviceFields = named('DeviceFields', z.object(DEVICE_FIELDS));
export const DeviceRecord = named(
  'DeviceRecord',
  z.object({ ...DEVICE_FIELDS, device: DeviceKey, density: PlaceCell, claimedMs: z.int() }),
);
export const RegisteredDevice = named(
  'RegisteredDevice',
  z.object({ device: DeviceKey, version: z.int(), ingestPath: z.string() }),
);
export const MaintenanceFields = named('MaintenanceFields', z.object({ from: Time, until: Time }));
export const OperatorFields = named(
  'OperatorFields',
  z.object({
    operator: Address.nullable().describe('Gets the operator’s part of the region’s sales; null: the treasury does.'),
  }),
);
export const RegionOperator = named('RegionOperator', z.object({ cell: Cell, operator: Address.nullable() }));
export const RecallFields = named(
  'RecallFields',
  z.object({
    from: Time,
    until: Time,
    reason: z.string().min(1).max(120),
    quantities: z.array(QuantityCode).min(1).nullable().optional().describe('Null: all.'),
  }),
);
export const RefoldAnswer = named('RefoldAnswer', z.object({ regions: z.array(RegionSummary), failed: z.array(Cell) }));
