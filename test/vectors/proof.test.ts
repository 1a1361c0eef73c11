/** A proof file of format 1 that was written once: whatever changes in the code, files that were sold must go on to hold. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readCommitEvents } from '../../core/proof/chain-event.ts';
import { checkProof } from '../../core/proof/check.ts';
import { encodeProof, parseProof } from '../../core/proof/format.ts';
import { TOOLS } from '../support/signed-batch.ts';

const file = readFileSync('test/vectors/proof-1.json');
const DEVICE = 'did:key:zDnaeuLqGRAqpQHX7ERKdxZkbaFnb5Wb7o4icCFLeBbSAesZf';
const events = readCommitEvents(JSON.parse(readFileSync('test/vectors/proof-1.event.json', 'utf8')));

test('a proof of the first format holds against the logs that were saved with it', async () => {
  if (!events.ok) throw new Error(events.error.detail);
  const { steps, fault } = await checkProof(file, { chainId: 10, contract: null, events: events.value }, TOOLS);
  expect(fault).toBeNull();
  expect(steps.map(({ found }) => found)).toEqual([
    'isobar-proof-1, 4917 bytes',
    `of ${DEVICE} over 3 readings, posted to isobar.test`,
    '1 of region 83390cfffffffff, received 2026-06-01T00:10:01.500Z',
    'entries 1 to 3, path of 2',
    'of epoch 20605, path of 2',
    `of ${DEVICE} over 3 readings, posted to isobar.test`,
    '3 of region 83390cfffffffff, received 2026-06-01T00:20:01.500Z',
    'entries 1 to 3, path of 1',
    'of epoch 20605, path of 2',
    `of ${DEVICE} over 3 readings, posted to isobar.test`,
    '6 of region 83390cfffffffff, received 2026-06-02T01:01:01.500Z',
    'entries 5 to 6, path of 1',
    'of epoch 20606, path of 0',
    'temp 3 readings from 2026-06-01T00:05:00.000Z',
    'epoch 20605, 20606',
    '0xd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1 committed epoch 20605 in block 21605',
    '0xd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1 committed epoch 20606 in block 21606',
  ]);
});

test('it is written to the same bytes again', () => {
  const proof = parseProof(file);
  if (!proof.ok) throw new Error(proof.error.at);
  expect(`${encodeProof(proof.value)}\n`).toBe(file.toString());
});
