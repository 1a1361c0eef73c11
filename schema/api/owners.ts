/** `GET /v1/owners/{address}/statement?epoch=N`, for the signed-in owner. Amounts are decimal strings of base units. */
import { z } from 'zod';
import { Address, Amount, Bps, Cell, Count, DeviceKey, named, PlaceCell, type Shape } from './shape.ts';

export const StatementDevice = named(
  'StatementDevice',
  z
    .object({
      device: DeviceKey,
      name: z.string(),
      region: Cell,
      epoch: z.int().describe('The day; earlier than the statement’s where it was paid late, from the reserve.'),
      isLate: z.boolean(),
      scoreBps: Bps,
      score30Bps: Bps,
      tier: z.int(),
      density: PlaceCell,
      rank: z.int().nullable().describe('Among the earning devices of the density cell; null: it earned nothing.'),
      slotBps: Bps,
      alike: DeviceKey.nullable().describe('The earlier device with which it shares a slot.'),
      full: Amount,
      costs: z.array(
        z.object({
          part: z.enum(['score', 'weekly', 'tier', 'slot', 'alike']),
          cause: z.string(),
          bps: z.int().nullable(),
          amount: Amount,
        }),
      ),
      earned: Amount,
      withheld: Amount,
      amount: Amount,
      base: Amount,
      demand: Amount,
    })
    .describe('`full` less the costs is `earned`; `earned` less `withheld` is `amount`, which is `base + demand`.'),
);
export type StatementDevice = Shape<typeof StatementDevice>;

export const StatementSales = named(
  'StatementSales',
  z
    .object({
      part: z.enum(['device', 'operator', 'auction', 'treasury']),
      of: z.string().nullable().describe('The device or the region; null otherwise.'),
      name: z.string().nullable(),
      units: Count.nullable().describe(
        'Device-quantity-hours that were sold with a good flag; null where the part is no device’s.',
      ),
      usdc: Amount,
    })
    .describe('What the owner gets of the sales that the epoch counts, and as what.'),
);
export type StatementSales = Shape<typeof StatementSales>;

export const StatementAnswer = named(
  'StatementAnswer',
  z.object({
    owner: Address,
    epoch: z.int(),
    state: z.string(),
    pot: z
      .object({
        base: Amount,
        demand: Amount,
        total: Amount,
        divisor: Amount.describe('What all weights share, in units of 1e-12 of a full weight.'),
      })
      .describe('What the whole network paid from.'),
    amount: Amount.describe('`base + demand`: the sum of the devices’ amounts, and what the chain pays.'),
    base: Amount,
    demand: Amount,
    withheld: Amount.describe('Of quarantined devices: not paid.'),
    usdc: Amount.describe('Sum of `sales`, and what the chain pays.'),
    sales: z.array(StatementSales),
    devices: z.array(StatementDevice),
    payment: z
      .object({
        batch: z.int(),
        position: z.int(),
        commitTransaction: z.string().nullable(),
        mintTransactions: z.array(z.string()),
      })
      .nullable()
      .describe('Where it stands in the committed tree and on the chain; null: nothing is paid.'),
    reportHash: z.string().describe('Everything here follows from this report and the signed readings.'),
  }),
);
export type StatementAnswer = Shape<typeof StatementAnswer>;
