/**
 * What must hold of the logs after everything went wrong: what the devices measured is there, what they were promised is there,
 * and the region has counted each of it once. Pure: logs, receipts and measurements are given.
 */
import type { RegionCell } from '../../core/ids.ts';

/** `device quantity time value`, the same only for the same reading. */
export type ReadingName = string;

export type Promised = { readonly receipt: string; readonly device: string };

export type JudgedRegion = {
  readonly cell: RegionCell;
  readonly batches: readonly {
    readonly seq: number;
    readonly device: string;
    readonly nonce: string;
    /** Null: what is logged is not what the device signed. */
    readonly readings: readonly ReadingName[] | null;
  }[];
  /** Readings that the region's object has counted. */
  readonly counted: number;
  /** Hash of the state that the object had, and of the one that its log gives here. */
  readonly stateHash: string;
  readonly refolded: string;
  /** Devices that the fold takes for two. */
  readonly forks: number;
};

export type FleetVerdict = {
  readonly readings: number;
  readonly double: number;
  readonly lost: number;
  readonly wrongs: readonly string[];
};

/**
 * @param due what must be in the logs
 * @param optional what may be there besides: measured, and too old by now to be sent
 */
export function judgeFleet(
  regions: readonly JudgedRegion[],
  promised: readonly Promised[],
  due: ReadonlySet<ReadingName>,
  optional: ReadonlySet<ReadingName>,
): FleetVerdict {
  const wrongs: string[] = [];
  const logged = new Set(regions.flatMap(({ batches }) => batches.flatMap(({ readings }) => readings ?? [])));
  const lostReadings = [...due].filter((name) => !logged.has(name));
  const strays = [...logged].filter((name) => !due.has(name) && !optional.has(name));
  const entries = new Map<string, string>(
    regions.flatMap(({ cell, batches }) => batches.map(({ seq, device }) => [`${cell}-${seq}`, device] as const)),
  );
  const broken = promised.filter(({ receipt, device }) => entries.get(receipt) !== device);
  let double = 0;
  let uncounted = 0;
  for (const { cell, batches, counted, stateHash, refolded, forks } of regions) {
    const distinct = new Set(batches.flatMap(({ readings }) => readings ?? [])).size;
    double += Math.max(0, counted - distinct);
    uncounted += Math.max(0, distinct - counted);
    const nonces = batches.map(({ device, nonce }) => `${device} ${nonce}`);
    double += nonces.length - new Set(nonces).size;
    const unsigned = batches.filter(({ readings }) => readings === null);
    if (unsigned.length > 0) wrongs.push(`${cell}: ${unsigned.length} batches are not what their devices signed`);
    if (stateHash !== refolded) wrongs.push(`${cell}: the object's state is not the one that its log gives`);
    if (forks > 0) wrongs.push(`${cell}: ${forks} times a device was taken for two`);
  }
  const tell = (count: number, what: string, example = ''): void => {
    if (count > 0) wrongs.push(`${count} ${what}${example === '' ? '' : `, such as ${example}`}`);
  };
  tell(lostReadings.length, 'readings were measured and are in no log', lostReadings[0]);
  tell(strays.length, 'readings are in a log and nobody measured them', strays[0]);
  tell(broken.length, 'receipts name no entry of their device', broken[0]?.receipt);
  tell(uncounted, 'logged readings were not counted');
  tell(double, 'readings or batches were counted twice');
  return { readings: logged.size, double, lost: lostReadings.length + broken.length + uncounted, wrongs };
}
