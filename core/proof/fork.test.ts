import { utf8ToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { ALTERNATING, forkFile, type Sent } from '../../test/support/fork-file.ts';
import { TOOLS } from '../../test/support/signed-batch.ts';
import { newDevice } from '../../test/support/signed-post.ts';
import { checkForkProof } from './fork.ts';
import { encodeForkProof, type ForkProof } from './fork-format.ts';

const check = (proof: ForkProof) => checkForkProof(utf8ToBytes(encodeForkProof(proof)), TOOLS);
const device = await newDevice();

test.each(['ed25519', 'ecdsa-p256-sha256'] as const)(
  'two branches that both go on prove two devices: %s',
  async (algorithm) => {
    const { steps, fault } = await check(await forkFile(await newDevice(algorithm), 'both-go-on', ALTERNATING));
    expect(fault).toBeNull();
    expect(steps.at(-1)?.found).toContain('two devices');
  },
);

test('the same time with two values proves them at once', async () => {
  const sent: readonly Sent[] = [
    { who: 0, second: 5, celsius: 20 },
    { who: 1, second: 5, celsius: 21 },
  ];
  const { steps, fault } = await check(await forkFile(device, 'conflict', sent));
  expect(fault).toBeNull();
  expect(steps.at(-1)?.found).toContain('temp at 2026-06-01T00:00:05.000Z');
  const same = await check(
    await forkFile(
      device,
      'conflict',
      sent.map((one) => ({ ...one, celsius: 20 })),
    ),
  );
  expect(same.fault?.reason).toBe('fork');
});

test.each<[string, readonly (0 | 1)[]]>([
  ['that was set back to an old memory', [0, 0, 0, 0, 1, 1, 1, 1]],
  ['into which an old memory was put for a while', [0, 1, 1, 1, 1, 0, 0, 0]],
])('nobody can prove anything of a device %s', async (_, order) => {
  const sent = order.map((who) => ({ who }));
  expect((await check(await forkFile(device, 'both-go-on', sent))).fault).toMatchObject({ reason: 'fork' });
  const open = await check(await forkFile(device, 'open', sent));
  expect(open.fault).toBeNull();
  expect(open.steps.at(-1)?.found).toContain('no proof');
});

type Change = (proof: ForkProof) => unknown;
const CASES: readonly (readonly [string, string, Change])[] = [
  [
    'another device',
    'device',
    (proof) => ({ ...proof, device: 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' }),
  ],
  ['another region', 'ingest-path', (proof) => ({ ...proof, region: '831f1dfffffffff' })],
  ['another parent', 'fork', (proof) => ({ ...proof, parent: 'ab'.repeat(32) })],
  ['another verdict', 'fork', (proof) => ({ ...proof, verdict: 'conflict' })],
  [
    'a batch left out',
    'chain',
    (proof) => ({ ...proof, branches: [proof.branches[0].toSpliced(1, 1), proof.branches[1]] }),
  ],
  ['the same branch twice', 'fork', (proof) => ({ ...proof, branches: [proof.branches[0], proof.branches[0]] })],
  ['branches in the other order', 'fork', (proof) => ({ ...proof, branches: proof.branches.toReversed() })],
  ['a previous digest less', 'post', (proof) => withPost(proof, { previousDigest: undefined })],
  [
    'another previous digest',
    'signature',
    (proof) => withPost(proof, { previousDigest: `sha-256=:${'A'.repeat(43)}=:` }),
  ],
  ['another body', 'digest', (proof) => withPost(proof, { body: 'W10=' })],
  ['another host', 'signature', (proof) => withPost(proof, { authority: 'elsewhere.test' })],
  ['one branch', 'format', (proof) => ({ ...proof, branches: [proof.branches[0]] })],
];

function withPost(proof: ForkProof, change: object): unknown {
  const [first, ...rest] = proof.branches[0];
  const { previousDigest, ...others } = { ...first, ...change };
  const post = previousDigest === undefined ? others : { ...others, previousDigest };
  return { ...proof, branches: [[post, ...rest], proof.branches[1]] };
}

test.each(CASES)('%s is found', async (_, reason, change) => {
  const proof = await forkFile(device, 'both-go-on', ALTERNATING);
  expect((await check(change(proof) as ForkProof)).fault).toMatchObject({ reason });
});

test('any changed byte outside of "unproved" is found', { timeout: 60_000 }, async () => {
  const bytes = utf8ToBytes(
    encodeForkProof(
      await forkFile(device, 'conflict', [
        { who: 0, second: 5 },
        { who: 1, second: 5, celsius: 9 },
      ]),
    ),
  );
  const text = new TextDecoder().decode(bytes);
  const [from, to] = [text.indexOf('"unproved"'), text.indexOf(',"verdict"')];
  for (let at = 0; at < bytes.length; at += 1) {
    if (at >= from && at < to) continue;
    const mutated = bytes.with(at, (bytes[at] ?? 0) ^ (1 << (at % 7)));
    expect((await checkForkProof(mutated, TOOLS)).fault, text.slice(at - 20, at + 5)).not.toBeNull();
  }
});
