/**
 * `/v1/registry/claims`: a device and its owner find each other. Either the device brings both signatures, or the owner leaves
 * a half here and the device takes it within a day, if it knows the code in it.
 */
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { ClaimAct } from '../../core/lifecycle/act.ts';
import { actFields, parseHex } from '../../core/lifecycle/parse-act.ts';
import { parsePosition, POSITION_HEADER, publicElevationM, type ExactPosition } from '../../core/lifecycle/position.ts';
import { checkIssuedAt, WAITING_SECONDS } from '../../core/lifecycle/rules.ts';
import type { SignedAct } from '../../core/lifecycle/signed-act.ts';
import { typedDataOf } from '../../core/lifecycle/typed-data.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { rfc3339 } from '../../core/time.ts';
import { badField } from '../../core/lifecycle/fields.ts';
import type { WaitingAnswer } from '../../schema/api/registry.ts';
import { regions } from '../../schema/d1/regions.ts';
import { nowMs } from '../adapters/clock.ts';
import { readDevice, type Registration } from '../adapters/d1/devices.ts';
import { countRequest } from '../middleware/rate-limit.ts';
import { findAct } from './act-store.ts';
import type { RegistryContext, RegistryEnv } from './env.ts';
import { checkSignedGet } from './open-request.ts';
import { actHash } from './owner-signature.ts';
import type { PublicPlace } from './place.ts';
import { checkPlace } from './place-act.ts';
import { refuse, type RegistryRefusal } from './problems.ts';
import { answerAct, checkKey, deviceOf, deviceSigned, openAct, ownerSigned } from './request-parts.ts';
import { findWaiting, keepWaiting, type WaitingClaim } from './waiting-store.ts';

export const claimRoutes = new Hono<RegistryEnv>();

claimRoutes.post('/v1/registry/claims', async (c) => {
  const opened = await openAct(c, 'claim', ['ownerSignature']);
  if (!opened.ok) return refuse(c, opened.error);
  const { act, fields, devices } = opened.value;
  const key = checkKey(act.device);
  if (!key.ok) return refuse(c, key.error);
  const device = deviceSigned(devices, act.device);
  if (!device.ok) return refuse(c, device.error);
  const owner = await ownerSigned(c, act, fields, 'ownerSignature', act.owner);
  if (!owner.ok) return refuse(c, owner.error);
  const { domain } = c.var.config;
  const hash = actHash(typedDataOf(act, domain));
  const waiting = await findWaiting(c.env.DB, act.device, act.code, nowMs());
  const half = waiting?.hash === hash ? waiting : null;
  const isKnown = (await findAct(c.env.DB, hash)) !== null;
  const position = readPosition(c, half);
  // The same claim again needs no position: its place was checked the first time.
  if (!position.ok && !isKnown) return refuse(c, position.error);
  const place = position.ok ? checkPlace(act, position.value) : null;
  if (place !== null && !place.ok) return refuse(c, place.error);
  const signed: SignedAct = { act, domain, owners: [owner.value], devices: [device.value] };
  return answerAct(
    c,
    signed,
    async (current) => {
      if (current !== null) return err({ reason: 'already-claimed', device: act.device });
      if (place === null || !position.ok) return err({ reason: 'position-missing' });
      const open = await checkRoom(c.env.DB, act.region);
      return open.ok ? ok(claimed(act, place.value, position.value)) : open;
    },
    half !== null,
  );
});

/** An owner leaves one half a device; whoever does it for a thousand devices brings both signatures instead. */
export const CLAIMS = { name: 'claims', quota: 20, instead: 'or post the claim with both signatures' } as const;
const limit = createMiddleware<RegistryEnv>((c, next) => countRequest(c, next, CLAIMS, c.env.CLAIMS_LIMIT));

claimRoutes.put('/v1/registry/claims/:device', limit, async (c) => {
  const opened = await openAct(c, 'claim', ['ownerSignature', 'position']);
  if (!opened.ok) return refuse(c, opened.error);
  const { act, fields } = opened.value;
  const key = checkKey(act.device);
  if (!key.ok) return refuse(c, key.error);
  const now = nowMs();
  const timely = checkIssuedAt(act, now);
  if (!timely.ok) return refuse(c, timely.error);
  const owner = await ownerSigned(c, act, fields, 'ownerSignature', act.owner);
  if (!owner.ok) return refuse(c, owner.error);
  const position = parsePosition(fields['position']);
  if (!position.ok) return refuse(c, position.error);
  const place = checkPlace(act, position.value);
  if (!place.ok) return refuse(c, place.error);
  const open = await checkRoom(c.env.DB, act.region);
  if (!open.ok) return refuse(c, open.error);
  if ((await readDevice(c.env.DB, act.device)) !== null)
    return refuse(c, { reason: 'already-claimed', device: act.device });
  const half: WaitingClaim = {
    act,
    hash: actHash(typedDataOf(act, c.var.config.domain)),
    ownerSignature: String(fields['ownerSignature']),
    position: position.value,
    receivedMs: now,
  };
  await keepWaiting(c.env.DB, half);
  return c.json({ device: act.device, expires: expiryOf(half) }, 202);
});

/** `?code=`: the half with this code, so that no stranger's newer half hides it. */
claimRoutes.get('/v1/registry/claims/:device', async (c) => {
  const device = deviceOf(c);
  if (!device.ok) return refuse(c, device.error);
  const code = c.req.query('code');
  if (code !== undefined && !parseHex(code, 16).ok)
    return refuse(c, { reason: 'bad-query', parameter: 'code', detail: 'must be 0x and 32 lower-case hex digits' });
  const now = nowMs();
  const signed = await checkSignedGet(c.req.raw, device.value, c.var.config.authorities, now);
  if (!signed.ok) return refuse(c, signed.error);
  const half = await findWaiting(c.env.DB, device.value, code ?? null, now);
  if (half === null) return refuse(c, { reason: 'no-waiting-claim', device: device.value });
  const { act, ownerSignature, position } = half;
  const answer: WaitingAnswer = { act: actFields(act), ownerSignature, position, expires: expiryOf(half) };
  c.header('cache-control', 'no-store');
  return c.json(answer);
});

const expiryOf = ({ receivedMs }: WaitingClaim): string => rfc3339(receivedMs + WAITING_SECONDS * 1000);

/** Of the header, or of the half that waits. */
function readPosition(c: RegistryContext, half: WaitingClaim | null): Result<ExactPosition, RegistryRefusal> {
  const header = c.req.header(POSITION_HEADER);
  if (header === undefined) return half === null ? err({ reason: 'position-missing' }) : ok(half.position);
  try {
    return parsePosition(JSON.parse(header), `/${POSITION_HEADER}`);
  } catch {
    // JSON's SyntaxError.
    return badField(`/${POSITION_HEADER}`, 'must be a JSON object');
  }
}

/** A region holds each device for ever, and its object folds them all; claims cost a stranger nothing. */
export const MOST_DEVICES_OF_REGION = 10_000;

/** Opening a region is the operator's decision: it costs upkeep for ever. */
export async function checkOpen(db: D1Database, cell: string): Promise<Result<void, RegistryRefusal>> {
  const [region] = await drizzle(db)
    .select({ cell: regions.cell })
    .from(regions)
    .where(eq(regions.cell, cell))
    .limit(1);
  return region === undefined ? err({ reason: 'region-not-open', cell }) : ok(undefined);
}

/** Open, and not full, for a device that is not there yet. */
export async function checkRoom(
  db: D1Database,
  cell: string,
  most = MOST_DEVICES_OF_REGION,
): Promise<Result<void, RegistryRefusal>> {
  const open = await checkOpen(db, cell);
  if (!open.ok) return open;
  const held = await db.prepare('SELECT count(*) AS held FROM device WHERE cell = ?').bind(cell).first<number>('held');
  return (held ?? 0) < most ? ok(undefined) : err({ reason: 'region-full', cell, limit: most });
}

function claimed(
  act: ClaimAct,
  { cell, place, latitudeE5, longitudeE5 }: PublicPlace,
  position: ExactPosition,
): Registration {
  return {
    cell,
    membership: {
      kind: 'membership',
      version: 0,
      device: act.device,
      status: 'active',
      owner: act.owner,
      displayName: act.name,
      place,
      latitudeE5,
      longitudeE5,
      elevationM: publicElevationM(position),
      // A higher one needs evidence that the operator has seen, whatever the claim asks for.
      tier: 0,
      density: place,
      claimedMs: 0,
    },
  };
}
