/** Where the shop's articles are made: a test counts them, holds them up, and makes them fail. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

export type Workshop = Awaited<ReturnType<typeof openWorkshop>>;

export async function openWorkshop() {
  const waiting: (() => void)[] = [];
  const state = { made: 0, fails: false, holds: false };
  const finish = (path: string, response: ServerResponse): void => {
    // No two are the same, so that an answer tells which work it came from.
    response.writeHead(state.fails ? 500 : 200).end(`${path} made as number ${state.made}`);
  };
  const server = createServer((request, response) => {
    state.made++;
    const path = request.url ?? '';
    if (state.holds) waiting.push(() => finish(path, response));
    else finish(path, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    release(): void {
      state.holds = false;
      for (const go of waiting.splice(0)) go();
    },
    close(): void {
      server.closeAllConnections();
      server.close();
    },
  });
}
