/** A wire between a Worker and the chain that a test can cut: it records the raw transactions that are sent over it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Call = { readonly method: string; readonly params: readonly unknown[] };

/** `lose-reply`: the chain gets it, and its answer does not come back. `stall`: nor does the connection end. */
export type Passage = 'pass' | 'cut' | 'lose-reply' | 'stall';

export type RpcProxy = {
  readonly url: string;
  /** Raw bytes of every transaction that was tried to be sent, in order, whether or not it got through. */
  readonly sent: string[];
  /** Every method that was asked for. */
  readonly asked: string[];
  /** HTTP requests so far: what a platform counts against its limit. */
  requests: number;
  /** True: connections that carry a transaction are cut before it reaches the chain. */
  cutSends: boolean;
  /** True: every connection is cut. */
  cutAll: boolean;
  /** Asked before each request is passed on; null: all pass. */
  passage: ((calls: readonly Call[]) => Promise<Passage>) | null;
  close(): Promise<void>;
};

export async function startRpcProxy(target: string): Promise<RpcProxy> {
  const proxy = {
    sent: [] as string[],
    asked: [] as string[],
    cutSends: false,
    cutAll: false,
    requests: 0,
    passage: null as RpcProxy['passage'],
  };
  const server = createServer((request, response) => {
    void forward(request, response).catch(() => request.socket.destroy());
  });
  const forward = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    proxy.requests += 1;
    const given = JSON.parse(body) as Call | readonly Call[];
    const calls = [given].flat();
    proxy.asked.push(...calls.map(({ method }) => method));
    const raws = calls
      .filter(({ method }) => method === 'eth_sendRawTransaction')
      .map(({ params }) => String(params[0]));
    proxy.sent.push(...raws);
    const passage = (await proxy.passage?.(calls)) ?? 'pass';
    if (passage === 'cut' || proxy.cutAll || (raws.length > 0 && proxy.cutSends)) {
      request.socket.destroy();
      return;
    }
    const reply = await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    if (passage === 'lose-reply') {
      await reply.arrayBuffer();
      request.socket.destroy();
      return;
    }
    if (passage === 'stall') return;
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(await reply.text());
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
