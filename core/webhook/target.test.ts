import { expect, test } from 'vitest';
import { parseTarget } from './target.ts';

const OWN = new Set(['api.isobar.example', 'own.net']);
const parse = (text: unknown, allowLoopback = false) => parseTarget(text, OWN, allowLoopback);

test('a public https address is taken as it is', () => {
  expect(parse('https://hooks.buyer.org/in?key=1')).toEqual({ ok: true, value: 'https://hooks.buyer.org/in?key=1' });
  expect(parse('https://93.184.216.34:8443/')).toMatchObject({ ok: true });
  expect(parse('https://[2606:4700::1111]/')).toMatchObject({ ok: true });
});

test.each([
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0177.0.0.1/',
  'https://10.1.2.3/',
  'https://172.16.0.1/',
  'https://192.168.0.1/',
  'https://169.254.169.254/latest/meta-data/',
  'https://100.64.0.1/',
  'https://0.0.0.0/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
  'https://[::1]/',
  'https://[::]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[2002:7f00:1::]/',
  'https://[fd00::1]/',
  'https://[fe80::1]/',
  'https://localhost/',
  'https://localhost./',
  'https://foo.localhost/',
  'https://metadata.google.internal/',
  'https://printer.local/',
  'https://1.0.0.127.in-addr.arpa/',
  'https://intranet/',
])('an address that is not public is refused: %s', (text) => {
  expect(parse(text)).toMatchObject({ ok: false, error: { reason: 'bad-target' } });
});

test.each([
  ['http://hooks.buyer.org/', 'https'],
  ['ftp://hooks.buyer.org/', 'https'],
  ['https://hooks.buyer.org:22/', 'port'],
  ['https://user:secret@hooks.buyer.org/', 'password'],
  ['https://hooks.buyer.org/#a', 'fragment'],
  ['https://own.net/v1/credits', 'itself'],
  ['/relative', 'absolute'],
  [42, 'absolute'],
  [`https://hooks.buyer.org/${'a'.repeat(500)}`, 'absolute'],
])('%s is refused and told why', (text, word) => {
  expect(parse(text)).toMatchObject({ ok: false, error: { detail: expect.stringContaining(word) } });
});

test('the local network, and only it, may call the machine it runs on', () => {
  expect(parse('http://127.0.0.1:9999/in', true)).toMatchObject({ ok: true });
  expect(parse('http://192.168.0.1:9999/in', true)).toMatchObject({ ok: false });
  expect(parse('http://127.0.0.1:9999/in', false)).toMatchObject({ ok: false });
});
