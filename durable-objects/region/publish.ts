/**
 * Carries what the fold gave out to R2 and D1. Every write is an upsert under a key made of the facts, so publishing
 * again, after a crash or a refold, changes nothing.
 */
import { segmentPrefix, sealSegment } from '../../core/region/segment.ts';
import { decodeEntry, type LogRow } from '../../core/region/codec.ts';
import type { LogEntry, MembershipBody } from '../../core/region/entry.ts';
import type { DeviceId } from '../../core/ids.ts';
import { signedActText } from '../../core/lifecycle/signed-act.ts';
import type { AnomalyEvent, DayRevision, DeviceDay, Outputs } from '../../core/region/outputs.ts';
import { spansOf, type Span } from '../../core/region/spans.ts';
import { quantityByIndex } from '../../core/reading/quantity.ts';
import { testCodes } from '../../core/qc/tests.ts';
import type { RegionState } from '../../core/region/state.ts';
import type { TimeRules } from '../../core/rules/rule-set.ts';
import { anomalyEvents } from '../../schema/d1/anomaly-events.ts';
import { bulkUpsert } from '../../schema/d1/bulk-upsert.ts';
import { deviceDays } from '../../schema/d1/device-days.ts';
import { devices } from '../../schema/d1/devices.ts';
import { regionHours } from '../../schema/d1/region-hours.ts';
import { regions } from '../../schema/d1/regions.ts';
import { forkRows } from './forks.ts';
import { putSegment, readSegment, type ReadSegment } from './archive.ts';
import type { RegionStore } from './store.ts';

/** What one close gave, and how the region stood right after it. */
export type Publication = {
  readonly hour: number;
  readonly outputs: Outputs;
  readonly stateHash: string;
  readonly batches: number;
  readonly readings: number;
};

export type Stores = { readonly db: D1Database; readonly archive: R2Bucket };

export async function publish(
  publication: Publication,
  state: RegionState,
  rules: TimeRules,
  store: RegionStore,
  stores: Stores,
): Promise<void> {
  const { charter } = state;
  if (charter === null) return;
  const { outputs, hour } = publication;
  const sealed = new Map<number, { key: string; root: string; spans: Span[]; fromSeq: number; toSeq: number }>();
  for (const seal of outputs.seals) {
    const rows = [...store.rows(seal.fromSeq, seal.toSeq)];
    // On a refold the rows may be in the archive only; then the segment is there, too.
    const segment = rows.length === seal.toSeq - seal.fromSeq + 1 ? sealSegment(charter.cell, rows) : null;
    if (segment !== null) await putSegment(stores.archive, segment.key, segment.bytes);
    const found =
      segment === null
        ? await findSegment(stores.archive, charter.cell, seal.fromSeq)
        : { ...segment, entries: entriesOf(rows) };
    const spans = spansOf(found.entries, rules);
    sealed.set(seal.hour, { key: found.key, root: found.root, spans, fromSeq: seal.fromSeq, toSeq: seal.toSeq });
  }
  const hours = new Map(outputs.hours.map((closed) => [closed.hour, closed.cells]));
  for (const sealHour of sealed.keys()) if (!hours.has(sealHour)) hours.set(sealHour, []);
  const statements = [
    ...regionRow(publication, state, stores.db),
    ...bulkUpsert(
      stores.db,
      regionHours,
      [...hours].map(([at, cells]) => {
        const segment = sealed.get(at);
        return {
          cell: charter.cell,
          hour: at,
          cells,
          stateHash: at === hour ? publication.stateHash : null,
          segmentKey: segment?.key ?? null,
          segmentRoot: segment?.root ?? null,
          spans: segment?.spans ?? null,
          fromSeq: segment?.fromSeq ?? null,
          toSeq: segment?.toSeq ?? null,
        };
      }),
      { replace: ['spans', 'cells', 'stateHash', 'segmentKey', 'segmentRoot', 'fromSeq', 'toSeq'] },
    ),
    ...dayRows(outputs.days, charter.cell, stores.db),
    ...revisionRows(outputs.revisions, charter.cell, stores.db),
    ...eventRows(outputs.events, charter.cell, stores.db),
    ...(await forkRows(outputs.forks, hour, charter.cell, store, stores)),
  ];
  await stores.db.batch(statements);
}

function regionRow(publication: Publication, state: RegionState, db: D1Database): D1PreparedStatement[] {
  const { charter } = state;
  if (charter === null) return [];
  const row = {
    cell: charter.cell,
    name: charter.regionName,
    rules: charter.rules,
    ruleSetHash: charter.ruleSetHash,
    boundary: charter.boundary,
    firstHour: state.firstHour,
    closedThrough: publication.hour,
    batches: publication.batches,
    readings: publication.readings,
    stateHash: publication.stateHash,
    slots: state.devices.map((device) => device.membership.device),
  };
  return bulkUpsert(db, regions, [row], {
    replace: [
      'name',
      'rules',
      'ruleSetHash',
      'boundary',
      'firstHour',
      'closedThrough',
      'batches',
      'readings',
      'stateHash',
      'slots',
    ],
  });
}

/**
 * The registry's rows as the log repeats them, for a D1 that has lost them; a newer version in D1 stands. `memberships`: the
 * last entry of each device, for the act in it, which the state does not keep.
 */
export function membershipRows(
  state: RegionState,
  memberships: ReadonlyMap<DeviceId, MembershipBody>,
  db: D1Database,
): D1PreparedStatement[] {
  const { charter } = state;
  if (charter === null) return [];
  const rows = state.devices.flatMap(({ membership, former }) => {
    const { kind: _kind, act: _act, ...facts } = membership;
    const { cell } = charter;
    const last = memberships.get(membership.device);
    const act = last?.act === undefined || last.version !== membership.version ? null : signedActText(last.act);
    const isOf = (key: DeviceId): boolean => last?.act?.act.kind === 'rotate' && last.act.act.device === key;
    const keys = former.map(({ device, version }, at) => {
      const predecessor = former[at - 1]?.device ?? null;
      // The same act has made it the former key.
      return {
        ...facts,
        device,
        version,
        status: 'retired' as const,
        cell,
        predecessor,
        act: isOf(device) ? act : null,
      };
    });
    return [...keys, { ...facts, cell, predecessor: former.at(-1)?.device ?? null, act }];
  });
  return bulkUpsert(db, devices, rows, {
    replace: [
      'version',
      'cell',
      'status',
      'owner',
      'displayName',
      'place',
      'latitudeE5',
      'longitudeE5',
      'elevationM',
      'tier',
      'density',
      'act',
      'predecessor',
    ],
    // Of two regions that have had the device, the later version says which one owns it.
    when: 'excluded.version > device.version',
  });
}

function dayRows(days: readonly DeviceDay[], cell: string, db: D1Database): D1PreparedStatement[] {
  const rows = days.map(({ member, ...day }) => ({ ...member, ...day, cell, late: 0, lateSeries: [] }));
  return bulkUpsert(db, deviceDays, rows, {
    replace: [
      'owner',
      'status',
      'tier',
      'density',
      'claimedMs',
      'latitudeE5',
      'longitudeE5',
      'origin',
      'scoreBps',
      'score30Bps',
      'weeklyBps',
      'eligible',
      'parts',
      'series',
    ],
  });
}

function revisionRows(revisions: readonly DayRevision[], cell: string, db: D1Database): D1PreparedStatement[] {
  const rows = revisions.map(({ member, epoch, late, series }) => ({
    ...member,
    epoch,
    cell,
    // A day of which only late readings are known has no verdict and earns nothing.
    scoreBps: 0,
    score30Bps: 0,
    weeklyBps: 0,
    eligible: false,
    parts: { availabilityBps: 0, integrityBps: 0, reliabilityBps: 0, causes: [], costs: [] },
    series: [],
    late,
    lateSeries: series,
  }));
  return bulkUpsert(db, deviceDays, rows, { replace: ['late', 'lateSeries'] });
}

function eventRows(events: readonly AnomalyEvent[], cell: string, db: D1Database): D1PreparedStatement[] {
  // Within one publication only the last word on an event counts; `ON CONFLICT` takes rows in order.
  const rows = events.map((event) => ({
    device: event.device,
    quantity: quantityByIndex(event.quantity)?.code ?? String(event.quantity),
    test: testCodes(event.test)[0] ?? String(event.test),
    startHour: event.startHour,
    endHour: event.endHour,
    cell,
    flag: event.flag,
    severity: event.severity,
    evidence: {
      measured: event.measured,
      expected: [event.low, event.high] as const,
      against: event.against,
    },
  }));
  return bulkUpsert(db, anomalyEvents, rows, { replace: ['endHour', 'flag', 'severity'] });
}

async function findSegment(archive: R2Bucket, cell: string, fromSeq: number): Promise<ReadSegment> {
  const listed = await archive.list({
    prefix: `${segmentPrefix(cell)}${String(fromSeq).padStart(12, '0')}-`,
    limit: 1,
  });
  const key = listed.objects[0]?.key;
  if (key === undefined) throw new Error(`no segment from entry ${fromSeq} of ${cell} in the archive`);
  return readSegment(archive, key);
}

/** Rows of the log that the fold has just read. */
function* entriesOf(rows: readonly LogRow[]): Generator<LogEntry> {
  for (const row of rows) {
    const entry = decodeEntry(row);
    if (entry.ok) yield entry.value;
  }
}
