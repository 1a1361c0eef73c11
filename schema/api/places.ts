/** Devices and their latest values, as the free routes and the feature collections at `/ogc` give them. */
import { z } from 'zod';
import { SignedPost } from './proofs.ts';
import { FlagItem, StationDay } from './public.ts';
import {
  Address,
  Bps,
  Cell,
  Count,
  DeviceKey,
  Flag,
  named,
  Next,
  PlaceCell,
  QuantityCode,
  Status,
  Tests,
  Time,
  Unit,
  type Shape,
} from './shape.ts';

export const DeviceItem = named(
  'DeviceItem',
  z.object({
    device: DeviceKey,
    name: z.string(),
    status: Status,
    region: Cell,
    place: PlaceCell,
    latitude: z.number().describe('Center of `place`: the exact position stays with the owner.'),
    longitude: z.number(),
    elevationM: z.number().nullable().describe('Rounded to 10 m.'),
    tier: z.int(),
    owner: Address,
    scoreBps: Bps.nullable().describe('Of the last closed epoch, null before it.'),
    quantities: z.array(QuantityCode).describe('With a value among the region’s last three public hours.'),
  }),
);
export type DeviceItem = Shape<typeof DeviceItem>;

const page = { license: z.string().describe('SPDX.'), attribution: z.array(z.string()), next: Next };

export const DevicesAnswer = named('DevicesAnswer', z.object({ ...page, devices: z.array(DeviceItem) }));
export type DevicesAnswer = Shape<typeof DevicesAnswer>;

export const LatestItem = named(
  'LatestItem',
  z.object({
    device: DeviceKey,
    name: z.string(),
    region: Cell,
    latitude: z.number(),
    longitude: z.number(),
    elevationM: z.number().nullable(),
    quantity: QuantityCode,
    value: z.number().describe('Mean of the hour.'),
    unit: Unit,
    start: Time.describe('Start of the hour; the end is `hourSeconds` of /v1/status later.'),
    count: Count.describe('Readings behind the mean.'),
    flag: Flag,
    tests: Tests,
  }),
);
export type LatestItem = Shape<typeof LatestItem>;

export const LatestAnswer = named('LatestAnswer', z.object({ ...page, latest: z.array(LatestItem) }));
export type LatestAnswer = Shape<typeof LatestAnswer>;

export const DeviceAnswer = named(
  'DeviceAnswer',
  DeviceItem.extend({
    predecessor: DeviceKey.nullable().describe('The key that this one has replaced: its history goes on here.'),
    day: StationDay.nullable(),
    latest: z.array(LatestItem),
    flags: z.array(FlagItem).describe('Newest first, at most 50.'),
  }),
);
export type DeviceAnswer = Shape<typeof DeviceAnswer>;

export const ForksAnswer = named(
  'ForksAnswer',
  z.object({
    forks: z
      .array(
        z.object({
          fork: z.string().describe('Of the file.'),
          region: z.string(),
          verdict: z
            .enum(['open', 'conflict', 'both-go-on', 'ended'])
            .describe('`conflict` and `both-go-on` prove two devices with one key; `open` and `ended` prove nothing.'),
          batches: z.array(z.int()).describe('In each branch.'),
          received: Time.describe('The newest of them.'),
        }),
      )
      .describe('Newest first.'),
  }),
);
export type ForksAnswer = Shape<typeof ForksAnswer>;

/** Canonical JSON (RFC 8785), checked by core/proof/fork.ts alone. */
export const ForkFile = named(
  'ForkFile',
  z.object({
    format: z.literal('isobar-fork-1'),
    device: DeviceKey,
    region: z.string(),
    parent: z.string().nullable().describe('Digest that both branches begin after, hex; null: not known.'),
    verdict: z.string(),
    branches: z.array(z.array(SignedPost)).describe('Each batch names the one before it.'),
    unproved: z.looseObject({}),
  }),
);
