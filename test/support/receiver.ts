/** A receiver of webhooks: a real HTTP server that keeps what comes, verified by the library of the standard. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export type Received = {
  readonly id: string;
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
};

export type Receiver = {
  readonly url: string;
  readonly received: Received[];
  /** Statuses of the next answers; then 204. */
  readonly answers: number[];
  /** The message, if its signature is right. */
  open(message: Received, secret: string): { readonly type: string; readonly data: Record<string, unknown> };
  stop(): Promise<void>;
};

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const answers: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      const body = Buffer.concat(chunks).toString('utf8');
      received.push({ id: headers['webhook-id'] ?? '', path: request.url ?? '', body, headers });
      const status = answers.shift() ?? 204;
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/in`,
    received,
    answers,
    open: ({ body, headers }, secret) => new Webhook(secret).verify(body, headers) as never,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
