/** Credits: `/v1/credits`. */
import { z } from 'zod';
import { Address, Amount, Count, named, Time, type Shape } from './shape.ts';

export const Usdc = named(
  'Usdc',
  z.object({ amount: Amount.describe('USDC base units.'), usdc: z.string().describe('As people write it.') }),
);
export type Usdc = Shape<typeof Usdc>;

const KeyId = z.string().regex(/^[0-9a-f]{16}$/);
const Scope = z.enum(['read', 'export', 'stream']);
const Day = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/)
  .describe('Day of UTC.');

export const ApiKey = named(
  'ApiKey',
  z.object({
    id: KeyId,
    name: z.string(),
    scopes: z.array(Scope),
    created: Time,
    expires: Time.nullable(),
    monthlyLimit: Usdc.nullable().describe('In a calendar month of UTC.'),
    lastUsed: Day.nullable(),
    revoked: Time.nullable(),
  }),
);
export type ApiKey = Shape<typeof ApiKey>;

/** `POST /v1/credits/keys` */
export const KeyFields = named(
  'KeyFields',
  z.object({
    name: z.string().min(1).max(80),
    scopes: z.array(Scope).min(1).optional().describe('Without it: read.'),
    expires: Time.nullable().optional(),
    monthlyLimit: z.string().nullable().optional().describe('USDC, as text.'),
  }),
);

/** `POST /v1/credits/top-ups` */
export const TopUpFields = named(
  'TopUpFields',
  z.object({
    amount: z.string().describe('USDC as text, from "1" to "1000".'),
    key: KeyFields.nullable().optional().describe('A key that is made with it.'),
  }),
);

/** A resend of the same payment brings the same. */
export const TopUpAnswer = named(
  'TopUpAnswer',
  z.object({
    account: Address.describe('The wallet that paid.'),
    credited: Usdc,
    transaction: z.string(),
    key: z.object({ id: KeyId, secret: z.string() }).nullable().describe('The key that was asked for.'),
  }),
);
export type TopUpAnswer = Shape<typeof TopUpAnswer>;

/** `GET /v1/credits` */
export const CreditsAnswer = named(
  'CreditsAnswer',
  z.object({
    account: Address,
    balance: Usdc,
    held: Usdc.describe('By purchases that are being answered.'),
    available: Usdc,
    toppedUp: Usdc,
    key: ApiKey.nullable().describe('The key that asks; null: the wallet asks.'),
  }),
);
export type CreditsAnswer = Shape<typeof CreditsAnswer>;

/** `GET /v1/credits/keys` */
export const KeysAnswer = named('KeysAnswer', z.object({ keys: z.array(ApiKey) }));
export type KeysAnswer = Shape<typeof KeysAnswer>;

/** `POST /v1/credits/keys` */
export const NewKeyAnswer = named(
  'NewKeyAnswer',
  ApiKey.extend({ secret: z.string().describe('Shown this one time.') }),
);
export type NewKeyAnswer = Shape<typeof NewKeyAnswer>;

/** `GET /v1/credits/usage`: one row a day and key, oldest first; `Link: rel=next` where there are more. */
export const UsageAnswer = named(
  'UsageAnswer',
  z.object({
    from: Day,
    until: Day,
    usage: z.array(
      z.object({
        day: Day,
        key: KeyId,
        queries: Count,
        units: Count.describe('Device-quantity-hours answered.'),
        spent: Usdc,
      }),
    ),
  }),
);
export type UsageAnswer = Shape<typeof UsageAnswer>;
