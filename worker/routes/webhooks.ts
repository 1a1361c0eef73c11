/** `/v1/webhooks`: what a wallet wants to be told, and where. Messages are free: what they say is public by then. */
import { Hono, type Context } from 'hono';
import { err, ok, type Result } from '../../core/result.ts';
import { rfc3339 } from '../../core/time.ts';
import { parseTarget } from '../../core/webhook/target.ts';
import { parseTopic } from '../../core/webhook/topic.ts';
import type { Delivery, Hook } from '../../durable-objects/notifier/api.ts';
import { notifierStub } from '../../durable-objects/stub.ts';
import type { DeliveriesAnswer, WebhookAnswer, WebhookCreated, WebhooksAnswer } from '../../schema/api/webhooks.ts';
import type { AppEnv } from '../context.ts';
import { problem, type Refusal } from '../middleware/problem.ts';
import { readWallet } from '../middleware/wallet.ts';
import { readFields } from './admin-fields.ts';

const PRIVATE = { 'cache-control': 'private, no-store' };

export const webhooksRoutes = new Hono<AppEnv>()
  .post('/v1/webhooks', async (c) => {
    const signedIn = await readWallet(c, 'POST');
    if (!signedIn.ok) return problem(c, signedIn.error);
    const body = await readFields(c.req.raw);
    if (!body.ok) return problem(c, body.error);
    const { authorities, rules } = c.var.config;
    const target = parseTarget(body.value['url'], authorities, rules.name === 'local');
    if (!target.ok) return problem(c, { reason: 'bad-field', pointer: '/url', detail: target.error.detail });
    const topic = parseTopic(body.value);
    if (!topic.ok) return problem(c, topic.error);
    const created = await notifierOf(c).create(signedIn.value.address, target.value, topic.value);
    if (created === null) return problem(c, { reason: 'too-many-webhooks' });
    const answer: WebhookCreated = { ...toAnswer(created.hook), secret: created.secret };
    return c.json(answer, 201, PRIVATE);
  })
  .get('/v1/webhooks', async (c) => {
    const signedIn = await readWallet(c);
    if (!signedIn.ok) return problem(c, signedIn.error);
    const hooks = await notifierOf(c).list(signedIn.value.address);
    return c.json({ webhooks: hooks.map(toAnswer) } satisfies WebhooksAnswer, 200, PRIVATE);
  })
  .delete('/v1/webhooks/:id', async (c) => {
    const done = await forOwn(c, 'DELETE', (owner, id) => notifierOf(c).remove(owner, id));
    return done.ok ? c.body(null, 204, PRIVATE) : problem(c, done.error);
  })
  .post('/v1/webhooks/:id/test', async (c) => {
    const done = await forOwn(c, 'POST', (owner, id) => notifierOf(c).test(owner, id));
    return done.ok ? c.body(null, 202, PRIVATE) : problem(c, done.error);
  })
  .get('/v1/webhooks/:id/deliveries', async (c) => {
    const found = await forOwn(c, null, (owner, id) => notifierOf(c).deliveries(owner, id));
    if (!found.ok) return problem(c, found.error);
    return c.json({ deliveries: found.value.map(toDelivery) } satisfies DeliveriesAnswer, 200, PRIVATE);
  });

/** `false` and null mean that this wallet has no such webhook; whether another has it is not told. */
async function forOwn<T>(
  c: Context<AppEnv>,
  changeBy: 'POST' | 'DELETE' | null,
  ask: (owner: string, id: string) => Promise<T | null | false>,
): Promise<Result<T, Refusal>> {
  const signedIn = await readWallet(c, changeBy);
  if (!signedIn.ok) return signedIn;
  const id = c.req.param('id') ?? '';
  const found = await ask(signedIn.value.address, id);
  return found === null || found === false ? err({ reason: 'no-such', kind: 'webhook', given: id }) : ok(found);
}

function notifierOf(c: Context<AppEnv>) {
  return notifierStub(c.env.NOTIFIER, c.var.config.chain.chainId);
}

function toAnswer({ id, url, topic, state, createdMs }: Hook): WebhookAnswer {
  const common = { id, url, state, created: rfc3339(createdMs) };
  if (topic.kind === 'recall') return { ...common, on: 'recall' };
  const { scope, quantity, direction, limit } = topic;
  const where = scope.kind === 'cell' ? { cell: scope.cell } : { devices: scope.devices };
  return { ...common, on: 'threshold', quantity, [direction]: limit, ...where };
}

function toDelivery({ createdMs, nextMs, ...delivery }: Delivery): DeliveriesAnswer['deliveries'][number] {
  return { ...delivery, created: rfc3339(createdMs), next: nextMs === null ? null : rfc3339(nextMs) };
}
