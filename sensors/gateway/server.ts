/** HTTP towards the devices: reads a request, has it kept, answers in the device's protocol. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { err, ok, type Result } from '../../core/result.ts';
import type { DeviceConfig } from './config.ts';
import { Devices } from './devices.ts';
import { type FormatName, FORMATS, formatOf } from './formats/all.ts';
import { Limiter } from './limiter.ts';
import { accepted, lineOf, type Refusal, refused, type Reply } from './replies.ts';
import { type DeviceRequest, type Field, fieldsOf, measuredAt, measurementsOf } from './report.ts';
import type { Station } from './station.ts';

export type ServedDevice = { readonly config: DeviceConfig; readonly station: Station };

export type Surroundings = { readonly nowMs: () => number; readonly log: (line: string) => void };

/** The longest real reports have some 3 kB. */
const MAX_BODY_BYTES = 64 * 1024;
/** Weather Underground's fastest stations send every 2.5 s. */
const MAX_REPORTS_PER_MINUTE = 120;
const MAX_WRONG_PER_MINUTE = 10;

type Served = ServedDevice & { readonly fields: readonly Field[] };

export function createDeviceServer(devices: readonly ServedDevice[], { nowMs, log }: Surroundings): Server {
  const known = new Devices<Served>(
    devices.map(({ config, station }) => ({
      format: config.format,
      claim: config.claim,
      device: { config, station, fields: fieldsOf(FORMATS[config.format], config.fields) },
    })),
  );
  const reports = new Limiter(MAX_REPORTS_PER_MINUTE);
  const wrong = new Limiter(MAX_WRONG_PER_MINUTE);
  /** One line a minute about the same mistake. */
  const told = new Limiter(1);
  const tell = (line: string): void => void (told.allows(line, nowMs()) && log(line));

  async function take(format: FormatName, request: DeviceRequest, from: string): Promise<Result<null, Refusal>> {
    const takenMs = nowMs();
    const report = FORMATS[format].parse(request);
    if (!report.ok) return report;
    const found = known.find(format, report.value.claim);
    if (!found.ok) return wrong.allows(`${from} ${found.error.id}`, takenMs) ? found : err({ reason: 'too-often' });
    const { config, station, fields } = found.value;
    if (!reports.allows(config.name, takenMs)) return err({ reason: 'too-often' });
    // What a wrong clock stamps would be refused, or sold as of another time.
    const arrivalMs = takenMs + station.clockOffsetMs;
    const dateUtc = config.clock === 'arrival' ? null : report.value.dateUtc;
    const { measuredMs, clock } = measuredAt(dateUtc, arrivalMs, FORMATS[format].mostBehindMs);
    if (clock === 'device-is-wrong') tell(`${config.name}: the device's clock is wrong; the time of arrival is taken`);
    const measurements = measurementsOf(report.value, fields, measuredMs);
    if (measurements.length === 0) {
      tell(`${config.name}: a report without anything to send`);
      return ok(null);
    }
    const kept = await station.keep(measurements);
    return kept.ok ? ok(null) : err({ reason: 'not-kept', detail: kept.why });
  }

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(incoming.url ?? '', 'http://gateway');
    const method = incoming.method ?? '';
    const format = url && formatOf(method, url.pathname, incoming.headers['content-type'] ?? '');
    if (url === null || format === null) {
      tell(`nothing here for ${JSON.stringify(`${method} ${url?.pathname ?? ''}`.slice(0, 80))}`);
      send(response, { status: 404, text: 'Not Found\n' });
      return;
    }
    const body = await readBody(incoming);
    if (body === 'cut') return;
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
    );
    const taken: Result<null, Refusal> =
      body === 'too-large'
        ? err({ reason: 'too-large', limitBytes: MAX_BODY_BYTES })
        : await take(
            format,
            { method, path: url.pathname, query: url.searchParams, headers, body: body.text },
            incoming.socket.remoteAddress ?? '',
          );
    if (!taken.ok) tell(lineOf(format, taken.error));
    send(response, taken.ok ? accepted(format) : refused(format, taken.error));
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((error: unknown) => {
      log(`a bug: ${error instanceof Error ? error.stack : String(error)}`);
      if (!response.headersSent) send(response, { status: 500, text: 'Internal Server Error\n' });
    });
  });
  server.maxConnections = 256;
  server.headersTimeout = 10_000;
  server.requestTimeout = 20_000;
  server.keepAliveTimeout = 5_000;
  return server;
}

type Body = { readonly text: string } | 'too-large' | 'cut';

function readBody(incoming: IncomingMessage): Promise<Body> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    incoming.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes <= MAX_BODY_BYTES) parts.push(part);
      else resolve('too-large');
    });
    incoming.on('end', () => resolve({ text: Buffer.concat(parts).toString('utf8') }));
    // The device went away in the middle: there is nobody to answer.
    incoming.on('error', () => resolve('cut'));
    incoming.on('close', () => resolve('cut'));
  });
}

function send(response: ServerResponse, { status, text }: Reply): void {
  // Devices open a connection for each report; after a refusal the rest of a body is not waited for.
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(text);
}
