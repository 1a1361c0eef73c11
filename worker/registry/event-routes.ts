/** `GET /v1/registry/devices/{device}/events`: what was signed about a device. Public; the exact position is not in it. */
import { Hono } from 'hono';
import { bytesToHex } from '@noble/hashes/utils.js';
import { base64 } from '@scure/base';
import { actFields } from '../../core/lifecycle/parse-act.ts';
import { rfc3339 } from '../../core/time.ts';
import type { EventsAnswer } from '../../schema/api/registry.ts';
import { readDevice } from '../adapters/d1/devices.ts';
import { listActs, type RecordedAct } from './act-store.ts';
import type { RegistryEnv } from './env.ts';
import { refuse } from './problems.ts';
import { deviceOf } from './request-parts.ts';

const MAX_EVENTS = 100;

export const eventRoutes = new Hono<RegistryEnv>();

eventRoutes.get('/v1/registry/devices/:device/events', async (c) => {
  const device = deviceOf(c);
  if (!device.ok) return refuse(c, device.error);
  const acts = await listActs(c.env.DB, device.value, MAX_EVENTS);
  if (acts.length === 0 && (await readDevice(c.env.DB, device.value)) === null)
    return refuse(c, { reason: 'no-such', kind: 'device', given: device.value });
  const answer: EventsAnswer = { device: device.value, events: acts.map(toEvent) };
  c.header('cache-control', 'no-store');
  return c.json(answer);
});

function toEvent({ hash, kind, version, outcome, receivedMs, signed }: RecordedAct): EventsAnswer['events'][number] {
  return {
    kind,
    hash,
    version,
    region: outcome.cell,
    received: rfc3339(receivedMs),
    act: actFields(signed.act),
    owners: signed.owners.map(({ address, signature }) => ({ address, signature: `0x${bytesToHex(signature)}` })),
    devices: signed.devices.map(({ device, evidence }) => ({ device, evidence: base64.encode(evidence) })),
  };
}
