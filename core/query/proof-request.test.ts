import { expect, test } from 'vitest';
import { MAIN_RULES } from '../rules/main.ts';
import { commitExpectedMs } from './proof-refusal.ts';
import { canonicalProofQuery, parseProofRequest } from './proof-request.ts';

const DEVICE = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
const NOW = Date.parse('2026-11-23T12:00:00Z');
const parse = (query: string) => parseProofRequest(new URLSearchParams(query), NOW, MAIN_RULES.time);
const BASE = `device=${DEVICE}&quantity=temp`;

test('t asks for one millisecond, start for its whole hour', () => {
  expect(parse(`${BASE}&t=2026-11-20T10:20:30.5Z`)).toMatchObject({
    value: { fromMs: Date.parse('2026-11-20T10:20:30.500Z'), untilMs: Date.parse('2026-11-20T10:20:30.501Z') },
  });
  expect(parse(`${BASE}&start=2026-11-20T10:20:30Z`)).toMatchObject({
    value: { fromMs: Date.parse('2026-11-20T10:00:00Z'), untilMs: Date.parse('2026-11-20T11:00:00Z') },
  });
});

test('the same question in another spelling is the same payment, and another question is not', () => {
  const nameOf = (query: string): string => {
    const parsed = parse(query);
    if (!parsed.ok) throw new Error(parsed.error.reason);
    return canonicalProofQuery(parsed.value);
  };
  const plain = nameOf(`${BASE}&t=2026-11-20T10:00:00Z`);
  expect(nameOf(`t=2026-11-20T11:00:00%2B01:00&quantity=temp&device=${DEVICE}&dry-run=false`)).toBe(plain);
  expect(nameOf(`${BASE}&start=2026-11-20T10:59:00Z`)).toBe(nameOf(`${BASE}&start=2026-11-20T10:00:00Z`));
  expect(nameOf(`${BASE}&start=2026-11-20T10:00:00Z`)).not.toBe(plain);
});

test.each([
  ['device', 'missing-parameter', 'quantity=temp&t=2026-11-20T10:00:00Z'],
  ['device', 'bad-parameter', 'device=x&quantity=temp&t=2026-11-20T10:00:00Z'],
  ['quantity', 'missing-parameter', `device=${DEVICE}&t=2026-11-20T10:00:00Z`],
  ['quantity', 'bad-parameter', `device=${DEVICE}&quantity=mood&t=2026-11-20T10:00:00Z`],
  ['t', 'bad-parameter', `${BASE}&t=yesterday`],
  ['t', 'bad-parameter', `${BASE}&t=2026-11-24T00:00:00Z`],
  ['start', 'bad-parameter', `${BASE}&start=2026-02-30T00:00:00Z`],
  ['dry-run', 'bad-parameter', `${BASE}&t=2026-11-20T10:00:00Z&dry-run=yes`],
  ['format', 'unknown-parameter', `${BASE}&t=2026-11-20T10:00:00Z&format=json`],
  ['quantity', 'repeated-parameter', `${BASE}&quantity=rh&t=2026-11-20T10:00:00Z`],
])('a wrong %s is named (%s)', (parameter, reason, query) => {
  expect(parse(query)).toMatchObject({ ok: false, error: { reason, parameter } });
});

test.each([BASE, `${BASE}&t=2026-11-20T10:00:00Z&start=2026-11-20T10:00:00Z`])('t or start, one of them', (query) => {
  expect(parse(query)).toMatchObject({ error: { reason: 'one-of', parameters: ['t', 'start'] } });
});

test('a commit is expected after the end of its epoch, and never in the past', () => {
  const epoch = 20_780;
  const endMs = (epoch + 1) * 86_400_000;
  const expected = commitExpectedMs(epoch, endMs - 5, MAIN_RULES.time);
  expect(expected).toBe(endMs + MAIN_RULES.time.graceSeconds * 1000 + 3_600_000);
  expect(commitExpectedMs(epoch, expected + 1, MAIN_RULES.time)).toBe(expected + 1 + 300_000);
});
