/** The registry's refusals of docs/protocol.md, as it would word them itself. */
import {
  describeRegistryRefusal,
  type LifecycleRefusal,
  type RegistryRefusal,
} from '../../worker/registry/problems.ts';
import { MAX_ACT_BYTES } from '../../worker/registry/open-request.ts';
import { problemRows } from './protocol-tables.ts';

const DEVICE = 'did:key:z6Mk...';
const CELL = '83390cfffffffff';

/** One of each; a reason that is added to the registry does not compile here until it has its example. */
const LIFECYCLE: { readonly [Reason in LifecycleRefusal['reason']]: Extract<LifecycleRefusal, { reason: Reason }> } = {
  'act-clock': { reason: 'act-clock', issuedAt: 0, serverSeconds: 0 },
  'stale-act': { reason: 'stale-act', issuedAt: 0, latest: 0 },
  'maintenance-over': { reason: 'maintenance-over', untilMs: 0, receivedMs: 0 },
  'maintenance-too-far': { reason: 'maintenance-too-far', untilMs: 0, latestMs: 0 },
  'too-many-windows': { reason: 'too-many-windows', limit: 0 },
  'too-many-keys': { reason: 'too-many-keys', limit: 0 },
  'already-rotated': { reason: 'already-rotated', device: DEVICE },
  'wrong-owner-signature': { reason: 'wrong-owner-signature', expected: '0x...', recovered: null },
  'device-signature-missing': { reason: 'device-signature-missing', device: DEVICE },
  'position-missing': { reason: 'position-missing' },
  'wrong-position': { reason: 'wrong-position', expected: '0x...' },
  'wrong-place': { reason: 'wrong-place', field: 'region', expected: CELL },
  'already-claimed': { reason: 'already-claimed', device: DEVICE },
  'no-waiting-claim': { reason: 'no-waiting-claim', device: DEVICE },
  'region-full': { reason: 'region-full', cell: CELL, limit: 0 },
  'registry-busy': { reason: 'registry-busy' },
};

/** What it shares with other routes and words in its own way, or what no batch can meet. */
const SHARED: readonly RegistryRefusal[] = [
  { reason: 'wrong-content-type', given: 'text/plain' },
  { reason: 'unsupported-encoding', given: 'gzip' },
  { reason: 'body-too-large', limitBytes: MAX_ACT_BYTES },
  { reason: 'weak-coverage', missing: '@path' },
  { reason: 'bad-field', pointer: '/act/name', detail: '' },
  { reason: 'no-such', kind: 'device', given: DEVICE },
  { reason: 'not-the-owner', signer: '0x...', owner: '0x...' },
];

export function registryProblemsTable(): string {
  return problemRows([...Object.values(LIFECYCLE), ...SHARED].map(describeRegistryRefusal));
}
