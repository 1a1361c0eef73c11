/** Tables of docs/protocol.md: limits, quantities, and every refusal as the edge itself would word it. */
import type { IngestRefusal } from '../../core/errors.ts';
import {
  CLOCK_SKEW_SECONDS,
  MAX_BODY_BYTES,
  MAX_INFLATED_BYTES,
  MAX_RECORDS,
  MAX_SIGNATURE_AGE_SECONDS,
} from '../../core/ingest/limits.ts';
import { QUANTITIES } from '../../core/reading/quantity.ts';
import { acceptedUnits } from '../../core/reading/units.ts';
import { MAXIMUM_GAPS, MAXIMUM_RECENT } from '../../core/region/coverage.ts';
import { NONCE_WINDOW } from '../../core/region/decide.ts';
import type { ReadingRefusal } from '../../core/region/receipt.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { describeEdgeRefusal } from '../../worker/middleware/edge-problems.ts';
import { describeIngestRefusal } from '../../worker/middleware/ingest-problems.ts';
import type { ProblemParts } from '../../worker/middleware/problem-parts.ts';
import { duration, table } from './markdown.ts';

const DEVICE = 'did:key:z6Mk...';
const NONCE = '000000000000a3f1';

/** One of each; a reason that is added to core/errors.ts does not compile here until it has its example. */
const REFUSALS: { readonly [Reason in IngestRefusal['reason']]: Extract<IngestRefusal, { reason: Reason }> } = {
  'invalid-id': { reason: 'invalid-id', kind: 'device', given: 'x' },
  'wrong-content-type': { reason: 'wrong-content-type', given: 'text/plain' },
  'unsupported-encoding': { reason: 'unsupported-encoding', given: 'br' },
  'body-too-large': { reason: 'body-too-large', limitBytes: MAX_BODY_BYTES },
  'inflated-too-large': { reason: 'inflated-too-large', limitBytes: MAX_INFLATED_BYTES },
  'bad-gzip': { reason: 'bad-gzip' },
  'unknown-ingest-address': { reason: 'unknown-ingest-address' },
  unsigned: { reason: 'unsigned', missing: 'signature' },
  'malformed-signature': { reason: 'malformed-signature', detail: '' },
  'weak-coverage': { reason: 'weak-coverage', missing: '@path' },
  'wrong-authority': { reason: 'wrong-authority', given: 'example.com' },
  'bad-nonce': { reason: 'bad-nonce', given: 'x' },
  'clock-skew': { reason: 'clock-skew', createdSeconds: 0, serverSeconds: 0 },
  'wrong-digest': { reason: 'wrong-digest' },
  'wrong-key': { reason: 'wrong-key' },
  'wrong-signature': { reason: 'wrong-signature' },
  'not-json': { reason: 'not-json', detail: '' },
  'not-cbor': { reason: 'not-cbor', detail: '' },
  'not-senml': { reason: 'not-senml', record: 0, detail: '' },
  'empty-pack': { reason: 'empty-pack' },
  'too-many-records': { reason: 'too-many-records', count: MAX_RECORDS + 1, limit: MAX_RECORDS },
  'unknown-quantity': { reason: 'unknown-quantity', record: 0, given: 'x' },
  'unknown-unit': {
    reason: 'unknown-unit',
    record: 0,
    quantity: 'temp',
    given: 'F',
    accepted: ['the units that /v1/quantities lists'],
  },
  'not-a-number': { reason: 'not-a-number', record: 0, given: 'string' },
  'out-of-type': { reason: 'out-of-type', record: 0, quantity: 'temp', given: 1e12 },
  'wrong-base-name': { reason: 'wrong-base-name', record: 0, given: 'x' },
  'unknown-device': { reason: 'unknown-device', device: DEVICE },
  'retired-device': { reason: 'retired-device', device: DEVICE },
  'wrong-region': { reason: 'wrong-region', owner: '83390cfffffffff' },
  'region-not-open': { reason: 'region-not-open', cell: '83390cfffffffff' },
  'nonce-reused': { reason: 'nonce-reused', nonce: NONCE },
  'nonce-too-old': { reason: 'nonce-too-old', nonce: NONCE, highest: NONCE },
};

export function problemsTable(): string {
  const edge = [
    describeEdgeRefusal({ reason: 'weak-key', detail: '' }),
    describeEdgeRefusal({ reason: 'region-unavailable' }),
    describeEdgeRefusal({ reason: 'internal', requestId: '' }),
  ];
  return problemRows([...Object.values(REFUSALS).map(describeIngestRefusal), ...edge]);
}

/** A row a code. */
export function problemRows(problems: readonly ProblemParts[]): string {
  const byCode = new Map(problems.map((parts) => [parts.code, parts]));
  const sorted = [...byCode.values()].toSorted((a, b) => a.status - b.status || (a.code < b.code ? -1 : 1));
  return table(
    ['status', 'code', 'means', 'remedy', 'further members'],
    sorted.map(({ status, code, title, remedy, members = {} }) => [
      String(status),
      `\`${code}\``,
      title,
      remedy,
      Object.keys(members)
        .map((name) => `\`${name}\``)
        .join(', '),
    ]),
  );
}

const READING_REFUSALS: Readonly<Record<ReadingRefusal, string>> = {
  'in-the-future': `measured more than ${duration(MAIN_RULES.time.maxAheadSeconds)} after its receipt`,
  'too-old': `measured more than ${duration(MAIN_RULES.time.maxAgeSeconds)} before its receipt`,
  'before-move':
    'measured before the device came to its present place, or, after a move to another region, in an hour in which it has measured there: it belongs to the old one',
  'already-covered': 'older than the duplicate window and inside no recorded gap of the device and quantity',
  'conflicting-value': 'the same quantity and time was accepted before with another value; counted against the device',
};

export function readingRefusalsTable(): string {
  return table(
    ['code', 'the reading'],
    Object.entries(READING_REFUSALS).map(([code, text]) => [`\`${code}\``, text]),
  );
}

export function limitsTable(): string {
  const { time } = MAIN_RULES;
  return table(
    ['limit', 'value'],
    [
      ['body as posted', `${MAX_BODY_BYTES / 1024} KiB`],
      ['body once inflated', `${MAX_INFLATED_BYTES / 1024} KiB`],
      ['records in a pack', MAX_RECORDS.toLocaleString('en-US')],
      ['age of `created`', duration(MAX_SIGNATURE_AGE_SECONDS)],
      ['difference between clocks, either way', duration(CLOCK_SKEW_SECONDS)],
      ['nonces accepted below the highest', String(NONCE_WINDOW - 1n)],
      ['a full receipt is repeated for', duration(time.receiptSeconds)],
      ['exact duplicate check back from the newest reading', duration(time.duplicateWindowSeconds)],
      ['readings remembered for it, per device and quantity', String(MAXIMUM_RECENT)],
      ['gaps remembered, per device and quantity', String(MAXIMUM_GAPS)],
      ['reading ahead of its receipt', duration(time.maxAheadSeconds)],
      ['age of a reading at its receipt', duration(time.maxAgeSeconds)],
    ],
  );
}

export function quantitiesTable(): string {
  return table(
    ['code', 'quantity', 'unit', 'also accepted', 'resolution'],
    QUANTITIES.map((quantity) => {
      const [unit = '', ...others] = acceptedUnits(quantity);
      return [`\`${quantity.code}\``, quantity.label, unit, others.join(', '), String(1 / quantity.stepsPerUnit)];
    }),
  );
}
