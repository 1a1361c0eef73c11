/** A stranger's view of the network through somebody who changes what it says: GET answers, rewritten by path. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Gets the true answer; null: pass it on as it is; a number: a status instead of it. */
export type Lie = (path: string, body: Buffer) => string | Uint8Array | number | null;

export type LyingApi = { readonly url: string; lie: Lie; close(): Promise<void> };

export async function startLyingApi(api: string): Promise<LyingApi> {
  const liar = { lie: (() => null) as Lie };
  const answer = async (path: string, response: ServerResponse): Promise<void> => {
    const truth = await fetch(api + path);
    const body = Buffer.from(await truth.arrayBuffer());
    const type = truth.headers.get('content-type') ?? 'application/octet-stream';
    const lie = liar.lie(path, body);
    if (typeof lie === 'number') response.writeHead(lie).end();
    else response.writeHead(lie === null ? truth.status : 200, { 'content-type': type }).end(lie ?? body);
  };
  const server = createServer((request, response) => {
    answer(request.url ?? '/', response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(liar, {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}
