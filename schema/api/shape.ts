/**
 * How shapes of the API are written: once, in zod, from which both the types and `openapi.json` follow. The Workers and the
 * pages import the types only, so that no zod reaches them (scripts/check-imports.ts).
 */
import { z } from 'zod';

/** The named ones: `components.schemas` of the OpenAPI document. */
export const SHAPES = new Map<string, z.ZodType>();

export function named<S extends z.ZodType>(id: string, schema: S): S {
  SHAPES.set(id, schema);
  return schema;
}

/** What an answer is, for whoever reads or writes it: nobody changes one. */
export type Shape<S extends z.ZodType> = Readonlys<z.output<S>>;
type Readonlys<T> = T extends object ? { readonly [K in keyof T]: Readonlys<T[K]> } : T;

export const Time = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC.' });
export const Cell = z
  .string()
  .regex(/^83[0-9a-f]{4}f{9}$/)
  .describe('A region: an H3 cell of resolution 3.');
export const PlaceCell = z
  .string()
  .regex(/^87[0-9a-f]{7}f{6}$/)
  .describe('The public place of a device: an H3 cell of resolution 7.');
export const DeviceKey = z
  .string()
  .regex(/^did:key:z/)
  .describe('A device: its public key as did:key.');
export const Address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .describe('An address on the chain.');
export const Amount = z.string().regex(/^\d+$/).describe('Base units, decimal.');
export const Hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('SHA-256 in hex.');
export const Count = z.int().min(0);
export const Bps = z.int().min(0).describe('Basis points.');
export const Flag = z
  .literal([1, 2, 3, 4, 9])
  .describe('QARTOD: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing.');
export const BadFlag = z.literal([3, 4]).describe('3 suspect, 4 fail.');
export const Status = z.enum(['claimed', 'active', 'quarantined', 'retired']);
export const QuantityCode = z.string().describe('A code of /v1/quantities.');
export const Unit = z.string().describe('SenML unit.');
export const Tests = z.array(z.string()).describe('Codes of the tests that flagged it (docs/quality.md).');
export const Next = z
  .url()
  .nullable()
  .describe('Address of the next page, as in `Link: rel=next`; null: this is the last.');
