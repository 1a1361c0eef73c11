/**
 * A membership, a maintenance window or a change of key of the log against the act that it names: those have signed it who have to, and the
 * entry says what follows from it and from the entry before. Without an act it is the operator's word, and counted as such.
 */
import type { DeviceId, OwnerAddress, PlaceCell, RegionCell } from '../ids.ts';
import { bodyText } from '../ingest/body-text.ts';
import { isPathOf, type Act } from '../lifecycle/act.ts';
import { isObject } from '../lifecycle/fields.ts';
import { actText, parseAct } from '../lifecycle/parse-act.ts';
import { readSignedAct } from '../lifecycle/read-signed-act.ts';
import { ISSUED_WINDOW_SECONDS, WAITING_SECONDS } from '../lifecycle/rules.ts';
import type { SignedAct } from '../lifecycle/signed-act.ts';
import { typedDataOf, type ActDomain, type ActTypedData } from '../lifecycle/typed-data.ts';
import type { LogEntry, MaintenanceBody, MembershipBody, SuccessionBody } from '../region/entry.ts';
import type { RegionState } from '../region/state.ts';
import { ok, type Result } from '../result.ts';
import { decodeEvidence, type Evidence } from '../signature/evidence.ts';
import { evidenceBase, type SignatureVerifier } from '../signature/verify.ts';
import { toldTime } from '../time.ts';
import { isFromElsewhere } from './compare-moves.ts';
import { differs, type Difference, type Place } from './difference.ts';

export interface OwnerVerifier {
  /** Whose EIP-712 signature it is; null: nobody's. */
  recover(typedData: ActTypedData, signature: Uint8Array): Promise<OwnerAddress | null>;
}

export type Center = Pick<MembershipBody, 'latitudeE5' | 'longitudeE5'>;

export type ActTools = {
  readonly verifier: SignatureVerifier;
  readonly owners: OwnerVerifier;
  /** Centre of a place, 1e-5 degrees; null: no cell, though it has the form of one. */
  readonly centerOf: (place: PlaceCell) => Center | null;
  /** Of the network that is audited. */
  readonly domain: ActDomain;
};

/** What the region knew of the device before the entry; null: nothing. */
export type Standing = { readonly membership: MembershipBody; readonly formerKey: DeviceId | null } | null;
export type AttestedEntry = (MembershipBody | MaintenanceBody | SuccessionBody) & { readonly seq: number };
export type Attested = { readonly entry: AttestedEntry; readonly before: Standing };

/** Those that an act may stand behind. What a device brings from elsewhere is checked by that region's log. */
export function isAttested(entry: LogEntry): entry is AttestedEntry & LogEntry {
  return (
    entry.kind === 'membership' ||
    entry.kind === 'maintenance' ||
    (entry.kind === 'inherit' && entry.reputation === null)
  );
}

/** Of a change of key, under the old one. */
export function standingOf(state: RegionState, entry: LogEntry): Standing {
  if (!isAttested(entry)) return null;
  const key = entry.kind === 'inherit' ? entry.from : entry.device;
  const device = state.devices.find(({ membership }) => membership.device === key);
  if (device === undefined) return null;
  return { membership: device.membership, formerKey: device.former.at(-1)?.device ?? null };
}

/** `arrived`: signed, but what the device was before stands in another log (compare-moves.ts). */
export type Ground = 'signed' | 'word' | 'arrived';

export async function checkAct(
  { entry, before }: Attested,
  cell: RegionCell,
  tools: ActTools,
): Promise<Result<Ground, Difference>> {
  if (entry.act === undefined) return ok('word');
  const at: Place = { region: cell, seq: entry.seq, device: entry.device };
  const signed = readSignedAct(entry.act);
  if (signed === null) return differs('act', at, 'an act', 'it cannot be read');
  const { domain } = signed;
  if (domain.chainId !== tools.domain.chainId || domain.contract !== tools.domain.contract.toLowerCase())
    return differs('act', { ...at, field: 'domain' }, domain.contract, tools.domain.contract);
  const follows = whatIsWrong(entry, signed.act, before, cell, tools);
  if (follows !== null) return differs('act', { ...at, field: follows.field }, follows.logged, follows.expected);
  const holds = await whoseSignatureFails(signed, tools);
  if (holds !== null) return differs('act-signature', at, `signed by ${holds}`, 'the signature does not hold');
  const missing = whoIsMissing(signed, entry, before);
  return missing === null
    ? ok(groundOf(entry, signed.act, before, cell))
    : differs('act-signature', at, 'accepted', `${missing} has not signed`);
}

/** An act says what changes; for the rest of an entry stands the one before it, or nobody but the operator. */
function groundOf(entry: AttestedEntry, act: Act, before: Standing, cell: RegionCell): Ground {
  if (entry.kind === 'inherit' && isFromElsewhere(before?.membership)) return 'arrived';
  if (entry.kind !== 'membership' || act.kind === 'claim') return 'signed';
  if (act.kind === 'relocate' && act.region === cell && isFromElsewhere(before?.membership)) return 'arrived';
  return before === null ? 'word' : 'signed';
}

type Wrong = { readonly field: string; readonly logged: string; readonly expected: string };
type Facts = Partial<Omit<MembershipBody, 'kind' | 'act'>>;

/** Null: nothing. */
function whatIsWrong(
  entry: Attested['entry'],
  act: Act,
  before: Standing,
  cell: RegionCell,
  tools: ActTools,
): Wrong | null {
  if (entry.kind === 'maintenance') {
    if (act.kind !== 'maintenance') return { field: 'act', logged: act.kind, expected: 'maintenance' };
    const { device, fromMs, untilMs } = entry;
    return firstWrong(
      { device, fromMs, untilMs },
      { device: act.device, fromMs: act.from * 1000, untilMs: act.until * 1000 },
    );
  }
  if (entry.kind === 'inherit') {
    if (act.kind !== 'rotate') return { field: 'act', logged: act.kind, expected: 'rotate' };
    return firstWrong({ device: entry.device, from: entry.from }, { device: act.successor, from: act.device });
  }
  if (act.kind === 'claim' && !isClaimedInTime(entry.claimedMs, act.issuedAt))
    return {
      field: 'claimedMs',
      logged: toldTime(entry.claimedMs),
      expected: `within a day of ${toldTime(act.issuedAt * 1000)}`,
    };
  const expected = expectedFacts(act, entry, before, cell, tools.centerOf);
  return expected === null
    ? { field: 'act', logged: act.kind, expected: 'an act that leads to this entry' }
    : firstWrong(entry, expected);
}

/** Seniority counts from here. The owner's half may have come late, and has waited a day at most. */
function isClaimedInTime(claimedMs: number, issuedAt: number): boolean {
  const age = claimedMs / 1000 - issuedAt;
  return age >= -ISSUED_WINDOW_SECONDS && age <= WAITING_SECONDS + ISSUED_WINDOW_SECONDS;
}

/** What the act changes, over what was there before; null: it cannot have led here. */
function expectedFacts(
  act: Act,
  entry: MembershipBody,
  before: Standing,
  cell: RegionCell,
  centerOf: ActTools['centerOf'],
): Facts | null {
  const kept = before === null ? {} : factsOf(before.membership);
  switch (act.kind) {
    case 'claim': {
      const center = centerOf(act.place);
      if (before !== null || act.region !== cell || center === null) return null;
      const { device, owner, place, name: displayName } = act;
      return { device, owner, place, ...center, density: place, displayName, version: 1, tier: 0, status: 'active' };
    }
    case 'relocate': {
      const { device, owner, place } = act;
      if (act.region !== cell)
        return before?.membership.owner === owner ? { ...kept, device, status: 'retired' } : null;
      // It may have been away, and have become what it is elsewhere.
      const isHere = !isFromElsewhere(before?.membership);
      if (isHere && before?.membership.owner !== owner) return null;
      const center = centerOf(place);
      if (center === null) return null;
      const stays = isHere ? without(kept, ['place', 'latitudeE5', 'longitudeE5', 'elevationM', 'density']) : {};
      return { ...stays, device, owner, place, ...center, density: place };
    }
    case 'transfer': {
      if (before !== null && before.membership.owner !== act.from) return null;
      return { ...kept, device: act.device, owner: act.to };
    }
    case 'rotate': {
      if (entry.device === act.device) return { ...kept, device: act.device, status: 'retired' };
      if (before?.formerKey !== act.device) return null;
      return { ...kept, device: act.successor, version: 1, tier: 0 };
    }
    case 'retire':
      return { ...kept, device: act.device, status: 'retired' };
    case 'maintenance':
      return null;
  }
}

/** All but the version, which only rises. */
function factsOf(membership: MembershipBody): Facts {
  return without(membership, ['version', 'kind', 'act']);
}

function without(facts: Facts, names: readonly string[]): Facts {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !names.includes(name)));
}

function firstWrong(logged: object, expected: object): Wrong | null {
  const values = new Map<string, unknown>(Object.entries(logged));
  for (const [field, value] of Object.entries(expected)) {
    if (values.get(field) !== value) return { field, logged: shown(values.get(field)), expected: shown(value) };
  }
  return null;
}

/** What a stranger logged may be anything, an object without a text among it. */
function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** The first whose signature is none of this act. */
async function whoseSignatureFails(signed: SignedAct, tools: ActTools): Promise<string | null> {
  const typedData = typedDataOf(signed.act, signed.domain);
  for (const { address, signature } of signed.owners)
    if ((await tools.owners.recover(typedData, signature)) !== address) return address;
  let authority: string | null = null;
  for (const { device, evidence: bytes } of signed.devices) {
    const evidence = decodeEvidence(bytes);
    if (!evidence.ok || !(await deviceHasSigned(signed.act, device, evidence.value, tools.verifier))) return device;
    // All sign one request; a network's own addresses stand in no public input, so the host itself is not judged.
    if (evidence.value.authority !== (authority ??= evidence.value.authority)) return device;
  }
  return null;
}

/** The request was for this act's address, and its body holds this act. */
async function deviceHasSigned(
  act: Act,
  device: DeviceId,
  evidence: Evidence,
  verifier: SignatureVerifier,
): Promise<boolean> {
  if (!isPathOf(evidence.path, act) || evidence.compact !== null) return false;
  const base = evidenceBase(evidence, device);
  if (!base.ok) return false;
  const holds = await verifier.verify(device, base.value, evidence.signature);
  if (!holds.ok || !holds.value) return false;
  // As the registry reads it: addresses may be posted in mixed case, everything else is posted as it is signed.
  const posted = parseAct(act.kind, actIn(evidence.body));
  return posted.ok && actText(posted.value) === actText(act);
}

function actIn(body: Uint8Array): unknown {
  try {
    const fields: unknown = JSON.parse(bodyText(body) ?? '');
    return isObject(fields) ? fields['act'] : null;
  } catch {
    // JSON's SyntaxError.
    return null;
  }
}

/** Null: all have signed who have to. */
function whoIsMissing(signed: SignedAct, entry: Attested['entry'], before: Standing): string | null {
  const { act } = signed;
  const byOwner = (owner: string): boolean => signed.owners.some(({ address }) => address === owner);
  const byDevice = (device: DeviceId): boolean => signed.devices.some((one) => one.device === device);
  const owner = entry.kind === 'membership' ? entry.owner : (before?.membership.owner ?? 'its owner');
  switch (act.kind) {
    case 'claim':
      if (!byOwner(act.owner)) return act.owner;
      return byDevice(act.device) ? null : act.device;
    case 'relocate':
      return byOwner(act.owner) ? null : act.owner;
    case 'transfer':
      if (!byOwner(act.from)) return act.from;
      return byOwner(act.to) ? null : act.to;
    case 'retire':
      return byOwner(owner) ? null : owner;
    case 'maintenance':
      return byOwner(owner) || byDevice(act.device) ? null : owner;
    case 'rotate':
      if (!byDevice(act.successor)) return act.successor;
      // Changed in another region, where it may have been sold first: that log says who had to sign, and no audit compares the two.
      if (entry.kind === 'inherit' && isFromElsewhere(before?.membership) && signed.owners.length > 0) return null;
      return byDevice(act.device) || byOwner(owner) ? null : owner;
  }
}
