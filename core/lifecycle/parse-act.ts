/** Acts from unknown JSON. Which act it is says the route; an act's JSON holds the fields that are signed and nothing else. */
import { canonicalJson } from '../canonical-json.ts';
import { parseDeviceId, parseOwnerAddress, parsePlaceCell, parseRegionCell } from '../ids.ts';
import { err, ok, type Result } from '../result.ts';
import { decodeDidKey } from '../signature/did-key.ts';
import type { Act, ActKind, ActOf, Hex } from './act.ts';
import { badField, parsed, readObject, text, whole, type BadField } from './fields.ts';

const MAX_NAME_CHARACTERS = 60;
const MAX_SECONDS = 99_999_999_999; // year 5138
const MAX_MAINTENANCE_SECONDS = 31 * 86_400;

const device = parsed((value) => {
  const id = parseDeviceId(value);
  if (!id.ok) return id;
  const key = decodeDidKey(id.value);
  return key.ok ? id : key;
}, 'must be a did:key of an Ed25519 or P-256 key');
const owner = parsed(parseOwnerAddress, 'must be an address: 0x and 40 hex digits');
const region = parsed(parseRegionCell, 'must be an H3 cell of resolution 3');
const place = parsed(parsePlaceCell, 'must be an H3 cell of resolution 7');
const seconds = whole(0, MAX_SECONDS);
const position = parsed((value) => parseHex(value, 32), 'must be 0x and 64 lower-case hex digits');
const tier = parsed(
  (value): Result<0 | 1 | 2, null> => (value === 0 || value === 1 || value === 2 ? ok(value) : err(null)),
  'must be 0, 1 or 2',
);
const kind =
  <K extends ActKind>(of: K) =>
  (): Result<K, BadField> =>
    ok(of);

const PARSERS: { readonly [K in ActKind]: (given: unknown, pointer: string) => Result<ActOf<K>, BadField> } = {
  claim: (given, pointer) =>
    readObject<ActOf<'claim'>>(given, pointer, {
      kind: kind('claim'),
      device,
      owner,
      region,
      place,
      position,
      name: text(MAX_NAME_CHARACTERS),
      type: text(MAX_NAME_CHARACTERS),
      tier,
      issuedAt: seconds,
      code: parsed((value) => parseHex(value, 16), 'must be 0x and 32 lower-case hex digits'),
    }),
  relocate: (given, pointer) =>
    readObject<ActOf<'relocate'>>(given, pointer, {
      kind: kind('relocate'),
      device,
      owner,
      region,
      place,
      position,
      issuedAt: seconds,
    }),
  maintenance: (given, pointer) => {
    const act = readObject<ActOf<'maintenance'>>(given, pointer, {
      kind: kind('maintenance'),
      device,
      from: seconds,
      until: seconds,
      issuedAt: seconds,
    });
    if (!act.ok) return act;
    const length = act.value.until - act.value.from;
    return length > 0 && length <= MAX_MAINTENANCE_SECONDS
      ? act
      : badField(`${pointer}/until`, `must be after from, by ${MAX_MAINTENANCE_SECONDS} s at most`);
  },
  transfer: (given, pointer) => {
    const act = readObject<ActOf<'transfer'>>(given, pointer, {
      kind: kind('transfer'),
      device,
      from: owner,
      to: owner,
      issuedAt: seconds,
    });
    return act.ok && act.value.from === act.value.to ? badField(`${pointer}/to`, 'must be another address') : act;
  },
  rotate: (given, pointer) => {
    const act = readObject<ActOf<'rotate'>>(given, pointer, {
      kind: kind('rotate'),
      device,
      successor: device,
      issuedAt: seconds,
    });
    return act.ok && act.value.device === act.value.successor
      ? badField(`${pointer}/successor`, 'must be another key')
      : act;
  },
  retire: (given, pointer) =>
    readObject<ActOf<'retire'>>(given, pointer, { kind: kind('retire'), device, issuedAt: seconds }),
};

/** @param pointer Where the act stands in the body. */
export function parseAct<K extends ActKind>(of: K, given: unknown, pointer = '/act'): Result<ActOf<K>, BadField> {
  const parse: (value: unknown, at: string) => Result<ActOf<K>, BadField> = PARSERS[of];
  return parse(given, pointer);
}

/** The act's JSON: its fields without its kind, which the address says. */
export function actFields(act: Act): Readonly<Record<string, string | number>> {
  const { kind: _kind, ...rest } = act;
  return rest;
}

/** The words of an act, whoever has signed them: two acts with the same are one. */
export function actText(act: Act): string {
  return canonicalJson(actFields(act));
}

export function parseHex(value: unknown, bytes: number): Result<Hex, { readonly reason: 'not-hex' }> {
  return typeof value === 'string' && value.length === 2 + 2 * bytes && /^0x[0-9a-f]+$/.test(value)
    ? ok(value as Hex)
    : err({ reason: 'not-hex' });
}
