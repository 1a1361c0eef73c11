/** `GET /v1/proofs`: the answer itself is a proof file (core/proof/format.ts, docs/proofs.md). */
import { z } from 'zod';
import { Price } from './observations.ts';
import { Count, DeviceKey, named, QuantityCode, Time, type Shape } from './shape.ts';

/** With `dry-run=true`, and in the 402: what the proof reveals and what that costs. */
export const ProofQuote = named(
  'ProofQuote',
  z.object({
    device: DeviceKey,
    quantity: QuantityCode,
    from: Time,
    until: Time,
    readings: Count.describe('Of the claim.'),
    batches: Count.describe('A signed batch cannot be shown in part: the proof holds all of each.'),
    deviceQuantityHours: Count.describe('Of everything in those batches: what the price counts.'),
    epochs: z.array(z.int()).describe('In whose data roots the batches are.'),
    price: Price,
  }),
);
export type ProofQuote = Shape<typeof ProofQuote>;

const Bytes32 = z
  .string()
  .regex(/^(0x)?[0-9a-f]{64}$/)
  .describe('32 bytes in hex.');
const Base64 = z.string().meta({ contentEncoding: 'base64' });
const Path = z
  .array(z.object({ side: z.enum(['left', 'right']), hash: Bytes32 }))
  .describe('From below; `side` is where the sibling stands.');

export const SignedPost = z
  .object({
    method: z.literal('POST'),
    authority: z.string(),
    path: z.string(),
    contentType: z.string(),
    contentEncoding: z.literal('gzip').nullable(),
    contentDigest: z.string(),
    previousDigest: z.string().optional(),
    signatureInput: z.string(),
    signature: z.string(),
    body: Base64,
  })
  .describe('The signed request (RFC 9421).');

/** Canonical JSON (RFC 8785); checked by core/proof/check.ts alone. */
export const ProofFile = named(
  'ProofFile',
  z
    .object({
      format: z.literal('isobar-proof-1'),
      claim: z.object({
        device: DeviceKey,
        quantity: QuantityCode,
        unit: z.string(),
        readings: z.array(z.object({ time: Time, value: z.number() })),
      }),
      batches: z.array(
        z.object({
          region: z.string(),
          post: SignedPost,
          entry: z.object({ seq: Count, receivedMs: Count, slot: Count, readings: Base64, leaf: Bytes32 }),
          segment: z.object({ fromSeq: Count, toSeq: Count, root: Bytes32, path: Path }),
          epoch: z.object({ number: Count, path: Path }),
        }),
      ),
      commits: z.array(
        z.object({
          epoch: Count,
          dataRoot: Bytes32,
          chainId: Count,
          contract: z.string(),
          transaction: z.string().nullable(),
          block: Count.nullable(),
        }),
      ),
      unproved: z.object({
        asked: z.object({ from: Time, until: Time }),
        verdicts: z.array(
          z.object({ start: Time, value: z.number(), count: Count, flag: z.int(), tests: z.array(z.string()) }),
        ),
        license: z.string(),
        attribution: z.array(z.string()),
      }),
    })
    .describe('docs/proofs.md says how it is checked; `npm run verify:proof` does it.'),
);
