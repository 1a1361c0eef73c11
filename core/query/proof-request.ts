/** The parameters of `GET /v1/proofs`: one reading (`t`), or all that a device said of a quantity in an hour (`start`). */
import { parseDeviceId, type DeviceId } from '../ids.ts';
import { QUANTITIES, quantityByCode, type Quantity } from '../reading/quantity.ts';
import { err, ok, type Result } from '../result.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import { hourOf, hourStartMs, rfc3339 } from '../time.ts';
import type { QueryRefusal } from './errors.ts';
import { parseTime } from './parameters.ts';

export type ProofRequest = {
  readonly device: DeviceId;
  readonly quantity: Quantity;
  /** Half-open; one millisecond where a single reading is asked for. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly isDryRun: boolean;
};

const KNOWN = ['device', 'quantity', 't', 'start', 'dry-run'];
const CODES = QUANTITIES.map(({ code }) => code).join(', ');

type Parsed<T> = Result<T, QueryRefusal>;

const bad = (parameter: string, given: string, expected: string): Result<never, QueryRefusal> =>
  err({ reason: 'bad-parameter', parameter, given: given.slice(0, 80), expected });

export function parseProofRequest(
  parameters: Iterable<readonly [string, string]>,
  nowMs: number,
  rules: Pick<TimeRules, 'hourSeconds' | 'epochSeconds'>,
): Parsed<ProofRequest> {
  const given = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (!KNOWN.includes(name)) return err({ reason: 'unknown-parameter', parameter: name.slice(0, 40), known: KNOWN });
    if (given.has(name)) return err({ reason: 'repeated-parameter', parameter: name });
    given.set(name, value);
  }
  const named = given.get('device');
  if (named === undefined) return missing('device', "a device's did:key");
  const device = parseDeviceId(named);
  if (!device.ok) return bad('device', named, "a device's did:key");
  const code = given.get('quantity');
  if (code === undefined) return missing('quantity', `one of ${CODES}`);
  const quantity = quantityByCode(code);
  if (quantity === undefined) return bad('quantity', code, `one of ${CODES}`);
  const asked = parseSpan(given, nowMs);
  if (!asked.ok) return asked;
  const dryRun = given.get('dry-run') ?? 'false';
  if (dryRun !== 'true' && dryRun !== 'false') return bad('dry-run', dryRun, 'true or false');
  const { parameter, ms } = asked.value;
  const hour = hourOf(ms, rules);
  const span =
    parameter === 't'
      ? { fromMs: ms, untilMs: ms + 1 }
      : { fromMs: hourStartMs(hour, rules), untilMs: hourStartMs(hour + 1, rules) };
  return ok({ device: device.value, quantity, ...span, isDryRun: dryRun === 'true' });
}

const missing = (parameter: string, expected: string): Result<never, QueryRefusal> =>
  err({ reason: 'missing-parameter', parameter, expected });

/** Exactly one of the two. */
function parseSpan(
  given: ReadonlyMap<string, string>,
  nowMs: number,
): Parsed<{ readonly parameter: 't' | 'start'; readonly ms: number }> {
  const parameter = given.has('t') ? 't' : 'start';
  if (given.has('t') === given.has('start')) return err({ reason: 'one-of', parameters: ['t', 'start'] });
  const text = given.get(parameter) ?? '';
  const time = parseTime(parameter, text);
  if (!time.ok) return time;
  return time.value < nowMs ? ok({ parameter, ms: time.value }) : bad(parameter, text, 'a time in the past');
}

/** One form for every spelling of the same question. */
export function canonicalProofQuery({ device, quantity, fromMs, untilMs }: ProofRequest): string {
  return `device=${device}&quantity=${quantity.code}&from=${rfc3339(fromMs)}&until=${rfc3339(untilMs)}`;
}
