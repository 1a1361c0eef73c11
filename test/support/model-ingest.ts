/** A network for tests of devices: real HTTP and signatures, the nonce rule. It can be away, and lose its answers. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { quantityByIndex } from '../../core/reading/quantity.ts';
import type { Reading } from '../../core/reading/reading.ts';
import { createWebcryptoVerifier } from '../../worker/adapters/webcrypto-verifier.ts';
import { openSignedPost, verifySignedPost } from '../../worker/signed-post.ts';

export type ModelIngest = {
  readonly ingestUrl: string;
  /** Connections are cut before anything is read. */
  isAway: boolean;
  /** Batches are counted and the answers lost. */
  losesAnswers: boolean;
  /** Answered to every batch that is new, in place of a receipt. */
  refusesWith: { readonly status: number; readonly code: string } | null;
  /** Of its clock before this machine's, milliseconds. */
  aheadMs: number;
  /** How often each reading was counted, by device, quantity and time. */
  readonly counted: Map<string, number>;
  /** In the catalogue's unit, by quantity and ISO time. */
  readonly values: Map<string, number>;
  stop(): Promise<void>;
};

export async function startModelIngest(): Promise<ModelIngest> {
  const verifier = createWebcryptoVerifier();
  const digests = new Map<string, string>();
  const counted = new Map<string, number>();
  const values = new Map<string, number>();
  const server = createServer((incoming, response) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('error', () => {}); // the gateway was killed in the middle of its post
    incoming.on('end', () => {
      answer(incoming.url ?? '', incoming.headers, Buffer.concat(parts)).then(
        (reply) => {
          if (reply === null) incoming.socket.destroy();
          else response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body));
        },
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const model: ModelIngest = {
    ingestUrl: `http://${host}/v1/regions/8339aafffffffff/readings/f6a6e22d3fa5a76f`,
    isAway: false,
    losesAnswers: false,
    refusesWith: null,
    aheadMs: 0,
    counted,
    values,
    stop: () => new Promise((stopped) => server.close(() => stopped())),
  };

  async function answer(
    path: string,
    headers: NodeJS.Dict<string | string[]>,
    body: Uint8Array<ArrayBuffer>,
  ): Promise<{ readonly status: number; readonly body: object } | null> {
    if (model.isAway) return null;
    const fields = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
    const request = new Request(`http://${host}${path}`, { method: 'POST', headers: fields, body });
    const post = openSignedPost(request, new Set([host]), Date.now() + model.aheadMs);
    const verified = post.ok ? await verifySignedPost(post.value, request, verifier) : post;
    if (!verified.ok && verified.error.reason === 'clock-skew')
      return { status: 401, body: { code: 'clock-skew', 'server-time': verified.error.serverSeconds } };
    if (!verified.ok) return { status: 400, body: { code: verified.error.reason } };
    const { device, nonce, digest, readings } = verified.value;
    const before = digests.get(`${device} ${nonce}`);
    const hex = Buffer.from(digest).toString('hex');
    if (before !== undefined && before !== hex) return { status: 409, body: { code: 'nonce-reused' } };
    if (before === undefined && model.refusesWith) return { status: model.refusesWith.status, body: model.refusesWith };
    if (before === undefined) for (const reading of readings) count(device, reading);
    digests.set(`${device} ${nonce}`, hex);
    if (model.losesAnswers) return null;
    const told = { accepted: readings.length, duplicate: 0, late: 0, refused: [] };
    return {
      status: before === undefined ? 201 : 200,
      body: {
        receipt: `r-${nonce}`,
        device,
        region: '8339aafffffffff',
        received: new Date(Date.now() + model.aheadMs).toISOString(),
        readings: told,
        flags: [],
        provisional: [],
        next: { interval: 60 },
      },
    };
  }

  function count(device: string, { quantity: index, measuredMs, steps }: Reading): void {
    const quantity = quantityByIndex(index);
    const time = new Date(measuredMs).toISOString();
    const name = `${device} ${quantity?.code} ${time}`;
    counted.set(name, (counted.get(name) ?? 0) + 1);
    values.set(`${quantity?.code} ${time}`, steps / (quantity?.stepsPerUnit ?? 1));
  }
  return model;
}
