/** Published against recomputed, field by field: causes before what follows from them, so that the first is the telling one. */
import type { EpochResult } from '../reward/compute-epoch.ts';
import { hashReport, type EpochReport } from '../reward/report.ts';
import { ok, type Result } from '../result.ts';
import { differs, type Difference, type DifferenceReason, type Place } from './difference.ts';

/** In the order of cause and effect. */
const REPORT_FIELDS = Object.keys({
  format: true,
  epoch: true,
  index: true,
  previous: true,
  ruleSetHash: true,
  regions: true,
  missing: true,
  segments: true,
  dataRoot: true,
  emission: true,
  burned: true,
  pot: true,
  devices: true,
  weights: true,
  weightTotal: true,
  divisor: true,
  late: true,
  reserves: true,
  total: true,
  reserved: true,
  withheld: true,
  lapsed: true,
  unreleased: true,
  usage: true,
  usdcTotal: true,
  batches: true,
  root: true,
} satisfies Record<keyof EpochReport, true>);

type Json = unknown;
type Fields = Readonly<Record<string, Json>>;

/** Byte for byte; where the bytes differ, the field that does. */
export function compareReport(text: string, hash: string, result: EpochResult): Result<void, Difference> {
  const found = hashReport(text);
  if (found !== hash) return differs('report-hash', {}, hash, found);
  if (text === result.reportText) return ok(undefined);
  const published = parse(text);
  if (!isFields(published)) return differs('report', {}, 'no JSON object', 'the report');
  const fields = compareFields('report', published, { ...result.report }, {}, REPORT_FIELDS);
  return fields.ok ? differs('report', {}, 'the same values in other bytes', 'RFC 8785') : fields;
}

/** What `GET /v1/epochs/{epoch}` answers, as far as it is computed. */
export type EpochPage = {
  readonly epoch: number;
  readonly root: string;
  readonly dataRoot: string;
  readonly total: string;
  readonly reserved: string;
  readonly usdcTotal: string;
  readonly sales: number;
  readonly usageHash: string;
  readonly recipients: number;
  readonly devices: number;
  readonly payouts: readonly {
    readonly owner: string;
    readonly amount: string;
    readonly usdc: string;
    readonly shares: readonly { readonly device: string; readonly scoreBps: number; readonly amount: string }[];
  }[];
};

export function comparePage(page: EpochPage, result: EpochResult): Result<void, Difference> {
  const recomputed: EpochPage = {
    epoch: result.epoch,
    payouts: result.payouts.map(({ owner, amount, usdc, shares }) => ({
      owner,
      shares: shares.map((share) => ({ device: share.device, scoreBps: share.scoreBps, amount: String(share.amount) })),
      amount: String(amount),
      usdc: String(usdc),
    })),
    recipients: result.payouts.length,
    devices: result.devices,
    total: String(result.total),
    reserved: String(result.reserved),
    usdcTotal: String(result.usdcTotal),
    sales: result.sales,
    usageHash: result.usageHash,
    root: result.root,
    dataRoot: result.dataRoot,
  };
  const { epoch, payouts, recipients, devices, total, reserved, usdcTotal, sales, usageHash, root, dataRoot } = page;
  const amounts = { total, reserved, usdcTotal, sales, usageHash };
  const published = { epoch, payouts, recipients, devices, ...amounts, root, dataRoot };
  return compareFields('page', published, recomputed, {});
}

/** In the order of `names`, then what is published beyond them. */
export function compareFields(
  reason: DifferenceReason,
  published: Fields,
  recomputed: Fields,
  at: Place,
  names: readonly string[] = Object.keys(recomputed),
): Result<void, Difference> {
  for (const name of new Set([...names, ...Object.keys(published)])) {
    const field = at.field === undefined ? name : `${at.field}.${name}`;
    const one = compareValue(reason, published[name], recomputed[name], { ...at, field });
    if (!one.ok) return one;
  }
  return ok(undefined);
}

function compareValue(
  reason: DifferenceReason,
  published: Json,
  recomputed: Json,
  at: Place,
): Result<void, Difference> {
  if (Array.isArray(published) && Array.isArray(recomputed)) return compareList(reason, published, recomputed, at);
  if (isFields(published) && isFields(recomputed)) return compareFields(reason, published, recomputed, at);
  return published === recomputed ? ok(undefined) : differs(reason, at, show(published), show(recomputed));
}

/** Rows that name a device, region or owner are compared by that name, so that one missing row does not shift the rest. */
function compareList(
  reason: DifferenceReason,
  published: readonly Json[],
  recomputed: readonly Json[],
  at: Place,
): Result<void, Difference> {
  const theirs = new Map(published.map((row, index) => [nameOf(row) ?? String(index), row]));
  const ours = new Map(recomputed.map((row, index) => [nameOf(row) ?? String(index), row]));
  for (const name of new Set([...ours.keys(), ...theirs.keys()])) {
    const row = ours.get(name) ?? theirs.get(name);
    const place = placeOf(row, name, at);
    const one = compareValue(reason, theirs.get(name), ours.get(name), place);
    if (!one.ok) return one;
  }
  return compareValue(reason, published.length, recomputed.length, at);
}

function nameOf(row: Json): string | undefined {
  if (!isFields(row)) return undefined;
  const name = row['device'] ?? row['owner'] ?? row['cell'];
  return typeof name === 'string' ? name : undefined;
}

function placeOf(row: Json, name: string, at: Place): Place {
  if (!isFields(row) || nameOf(row) === undefined) return { ...at, field: `${at.field ?? ''}[${name}]` };
  if (row['device'] === name) return { ...at, device: name };
  return row['owner'] === name ? { ...at, owner: name } : { ...at, region: name };
}

function isFields(value: Json): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    // A SyntaxError: no report.
    return null;
  }
}

function show(value: Json): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
