/** A wire between devices and the network: passes every request on as it is, the host included, and tells of the answers. */
import { createServer, request as requestOf } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export type Wire = {
  /** `127.0.0.1:PORT`: the authority that devices sign for. */
  readonly authority: string;
  close(): Promise<void>;
};

export type Passed = { readonly path: string; readonly status: number; readonly body: Buffer };

/** A connection that ends on one side ends on the other, too. @param onAnswer told before the asker hears of it */
export async function startWire(port: number, onAnswer: (passed: Passed) => void): Promise<Wire> {
  const server = createServer((incoming, outgoing) => {
    const { method, url: path = '/' } = incoming;
    // Else the answers would have to be unpacked to be read.
    const headers = { ...incoming.headers, 'accept-encoding': 'identity' };
    const onward = requestOf({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      void buffer(answer).then(
        (body) => {
          onAnswer({ path, status: answer.statusCode ?? 0, body });
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(body);
        },
        () => outgoing.destroy(),
      );
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    authority: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
