import { expect, test } from 'vitest';
import { gzip } from '../../test/support/signed-post.ts';
import { gunzip, readBody } from './body.ts';

/** Counts what is taken from it, so that a test sees where reading stopped. */
function endless(): { readonly stream: ReadableStream<Uint8Array>; readonly taken: () => number } {
  let taken = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      taken += 1024;
      controller.enqueue(new Uint8Array(1024));
    },
  });
  return { stream, taken: () => taken };
}

const post = (body: BodyInit, headers: Readonly<Record<string, string>> = {}): Request =>
  new Request('https://isobar.test/', { method: 'POST', body, headers, duplex: 'half' } as RequestInit);

test('a body up to the limit comes back whole, with or without a declared length', async () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);
  expect(await readBody(post(bytes), 1000)).toEqual({ ok: true, value: bytes });
  expect(await readBody(post(bytes, { 'content-length': '1000' }), 1000)).toEqual({ ok: true, value: bytes });
});

test('one byte more is refused', async () => {
  const refusal = { ok: false, error: { reason: 'body-too-large', limitBytes: 999 } };
  expect(await readBody(post(new Uint8Array(1000)), 999)).toEqual(refusal);
  expect(await readBody(post(new Uint8Array(1000), { 'content-length': '1000' }), 999)).toEqual(refusal);
});

test('a body without end is read to the limit and no further', async () => {
  const { stream, taken } = endless();
  expect(await readBody(post(stream), 10_000)).toMatchObject({ ok: false, error: { reason: 'body-too-large' } });
  expect(taken()).toBeLessThanOrEqual(10_000 + 4 * 1024);
});

test('a length that Transfer-Encoding overrides is not believed', async () => {
  const request = {
    headers: new Headers({ 'content-length': '5', 'transfer-encoding': 'chunked' }),
    body: new Response(new Uint8Array(100)).body,
  } as Request;
  expect(await readBody(request, 50)).toMatchObject({ ok: false });
});

test('gzip comes back as it was', async () => {
  const inflated = await gunzip(await gzip('[1,2,3]'), 100);
  expect(inflated.ok && new TextDecoder().decode(inflated.value)).toBe('[1,2,3]');
});

test('a gzip bomb is stopped at the limit', async () => {
  const bomb = await gzip('0'.repeat(50_000_000));
  expect(bomb.length).toBeLessThan(60_000);
  expect(await gunzip(bomb, 1_048_576)).toEqual({
    ok: false,
    error: { reason: 'inflated-too-large', limitBytes: 1_048_576 },
  });
});

test('what is no gzip, or is cut, or is followed by other bytes is refused', async () => {
  const good = await gzip('[1,2,3]');
  const followed = new Uint8Array(good.length + 3);
  followed.set(good);
  for (const bytes of [Uint8Array.from([0x5b, 0x31, 0x5d]), good.slice(0, -4), followed, new Uint8Array()]) {
    expect(await gunzip(bytes, 100)).toEqual({ ok: false, error: { reason: 'bad-gzip' } });
  }
});
