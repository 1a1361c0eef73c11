/** `/v1/stream`: server-sent events. POST sells a pass for fresh values; GET tells them, or without a pass what everybody may hear. */
import { Hono, type Context } from 'hono';
import { parseRegionCell, type RegionCell } from '../../core/ids.ts';
import { queryHash } from '../../core/query/observations.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { passOf, type StreamPass } from '../../core/stream/pass.ts';
import { notBefore, parsePosition, type StreamPosition } from '../../core/stream/position.ts';
import { canonicalStream, parseStreamRequest } from '../../core/stream/request.ts';
import { rfc3339 } from '../../core/time.ts';
import type { ExportRefusal } from '../../core/export/errors.ts';
import { regionStub } from '../../durable-objects/stub.ts';
import { nowMs } from '../adapters/clock.ts';
import { isRegion } from '../adapters/d1/observations.ts';
import { Bell, eventStream } from '../adapters/event-stream.ts';
import { followCloses } from '../adapters/follow-closes.ts';
import { ReadingsFollower, ringUp, type BellLine } from '../adapters/follow-readings.ts';
import { isSealed } from '../adapters/seal.ts';
import { quoteStream, toStreamArticle } from '../queries/streams.ts';
import type { AppEnv } from '../context.ts';
import { describeExportRefusal } from '../middleware/export-problems.ts';
import { readParameters } from '../middleware/parameters.ts';
import { sell } from '../middleware/payment.ts';
import { problem, problemResponse } from '../middleware/problem.ts';
import { rateLimit } from '../middleware/rate-limit.ts';
import { askedBy, readAsker } from '../middleware/wallet.ts';
import { purchaseOf } from '../middleware/purchase.ts';
import { describeQueryRefusal } from '../middleware/query-problems.ts';

const PATH = '/v1/stream';

export const streamRoutes = new Hono<AppEnv>()
  .post(PATH, rateLimit, async (c) => {
    const parameters = await readParameters(c);
    if (!parameters.ok) return refuse(parameters.error);
    const parsed = parseStreamRequest(parameters.value);
    if (!parsed.ok) return problemResponse(describeQueryRefusal(parsed.error));
    const request = parsed.value;
    const asker = await readAsker(c);
    if (!asker.ok) return asker.error;
    if (request.isDryRun) {
      const quoted = await quoteStream(c, request, asker.value);
      return quoted.ok ? c.json(quoted.value.quote, 200, { 'cache-control': 'no-store' }) : quoted.error;
    }
    const query = queryHash('POST', PATH, askedBy(canonicalStream(request), asker.value));
    const id = await purchaseOf(c, 'stream', query);
    return sell(c, query, () => toStreamArticle(c, id, request, asker.value));
  })
  .get(PATH, rateLimit, (c) => {
    const pass = c.req.query('pass');
    return pass === undefined ? publicStream(c) : paidStream(c, pass);
  });

async function paidStream(c: Context<AppEnv>, sealed: string): Promise<Response> {
  const pass = await openPass(c, sealed);
  if (!pass.ok) return refuse(pass.error);
  const { id, begin, untilMs } = pass.value;
  const position = positionOf(c, pass.value);
  if (!position.ok) return refuse(position.error);
  const reader = crypto.randomUUID();
  const cells = [...begin.keys()];
  const lines = cells.map((cell): [RegionCell, BellLine] => [cell, { bell: new Bell(), socket: null }]);
  const statuses = await Promise.all(
    // A region that fails now is asked again by its follower.
    lines.map(([cell, line]) => ringUp(c.env, cell, reader, id, line).catch(() => 101)),
  );
  if (statuses.some((status) => status !== 101)) {
    for (const [, { socket }] of lines) socket?.close();
    return statuses.includes(429)
      ? refuse({ reason: 'pass-in-use' })
      : problem(c, { reason: 'live-full', isOwn: false });
  }
  return eventStream(async (sink) => {
    const follower = new ReadingsFollower(c.env, pass.value, reader, position.value, sink);
    const until = rfc3339(untilMs);
    // With an id, so that a client that loses the connection before the first event comes back to this place.
    await sink.send({ id: follower.id, event: 'hello', data: { until, regions: cells } });
    await Promise.all(lines.map(([cell, line]) => follower.follow(cell, line)));
    await sink.send({ id: follower.id, event: 'end', data: { until } });
  });
}

async function openPass(c: Context<AppEnv>, sealed: string): Promise<Result<StreamPass, ExportRefusal>> {
  const [text = '', seal = ''] = sealed.split('.');
  if (!(await isSealed(c.var.config, 'isobar stream pass v1', text, seal))) return err({ reason: 'bad-token' });
  const pass = passOf(text);
  return pass.untilMs > nowMs() ? ok(pass) : err({ reason: 'pass-over' });
}

/** Where the client stopped; EventSource sends it by itself, others may put it in the address. */
function positionOf(c: Context<AppEnv>, { begin }: StreamPass): Result<StreamPosition, ExportRefusal> {
  const given = c.req.header('last-event-id') ?? c.req.query('last-event-id') ?? '';
  if (given === '') return ok(begin);
  const asked = parsePosition(given, [...begin.keys()]);
  return asked === null ? err({ reason: 'bad-position', given }) : ok(notBefore(begin, asked));
}

async function publicStream(c: Context<AppEnv>): Promise<Response> {
  const given = c.req.query('cell');
  if (given === undefined) {
    const expected = 'the cell of a region, or the pass of a stream that was bought';
    return problemResponse(describeQueryRefusal({ reason: 'missing-parameter', parameter: 'cell', expected }));
  }
  const cell = parseRegionCell(given);
  if (!cell.ok) return problem(c, cell.error);
  const lastId = c.req.header('last-event-id') ?? c.req.query('last-event-id') ?? '';
  if (!/^\d{0,12}$/.test(lastId)) return refuse({ reason: 'bad-position', given: lastId });
  // Strangers' cells wake no object.
  if (!(await isRegion(c.env.DB, cell.value)))
    return problem(c, { reason: 'no-such', kind: 'region', given: cell.value });
  const address = c.req.header('cf-connecting-ip');
  const headers = { upgrade: 'websocket', ...(address === undefined ? {} : { 'cf-connecting-ip': address }) };
  const joined = await regionStub(c.env.REGION, cell.value).fetch(new Request(c.req.url, { headers }));
  const socket = joined.webSocket;
  if (socket === null) return problem(c, { reason: 'live-full', isOwn: joined.status === 429 });
  const { time } = c.var.config.rules;
  const lastHour = lastId === '' ? null : Number(lastId);
  return eventStream((sink) => followCloses(c.env.DB, cell.value, socket, time, sink, lastHour));
}

const refuse = (refusal: ExportRefusal): Response => problemResponse(describeExportRefusal(refusal));
