/** `GET /v1/usage/{epoch}`: the usage list (core/reward/usage.ts), canonical JSON under the hash that the report holds. */
import { z } from 'zod';
import { Address, Amount, Cell, Count, DeviceKey, named } from './shape.ts';

export const UsageList = named(
  'UsageList',
  z.object({
    format: z.literal('isobar-usage-1'),
    epoch: z.int(),
    payees: z.object({ auction: Address, treasury: Address }).nullable().describe('Null where no sale is split.'),
    operators: z.array(z.object({ cell: Cell, operator: Address })),
    devices: z
      .array(z.object({ device: DeviceKey, owner: Address, cell: Cell }))
      .describe('By the key that served, of devices that have no day in the epoch under any key.'),
    sales: z.array(
      z.object({
        id: z.string().describe('`x402:{payer}:{nonce}` or `credit:{account}:{n}`; it names no query.'),
        kind: z.enum(['x402', 'credit', 'top-up']),
        usdc: Amount,
        served: z.array(z.tuple([DeviceKey, Count])).describe('By device: good device-quantity-hours answered.'),
        transaction: z.string().nullable().describe('Of the settlement; null for a credit.'),
        soldMs: z.int().describe('Unix milliseconds.'),
      }),
    ),
  }),
);
