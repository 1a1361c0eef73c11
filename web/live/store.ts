/** Everything the page knows. Rounds write it, views read it. */
import type {
  EpochAnswer,
  EpochItem,
  QuantitiesAnswer,
  RegionAnswer,
  RegionItem,
  StatusAnswer,
} from '../../schema/api/public.ts';
import type { LiveMessage } from '../../schema/api/live.ts';
import type { Route } from '../route.ts';
import { History } from './history.ts';

export type SortKey = 'name' | 'state' | 'score';
export type Sort = { readonly key: SortKey; readonly descending: boolean };
export type QuantityItem = QuantitiesAnswer['quantities'][number];

export type Store = {
  status: StatusAnswer | null;
  /** Server clock minus ours. */
  clockOffsetMs: number;
  quantities: ReadonlyMap<string, QuantityItem>;
  regions: readonly RegionItem[] | null;
  readonly details: Map<string, RegionAnswer>;
  /** What each region's live stream said last. */
  readonly heard: Map<string, LiveMessage>;
  epochs: readonly EpochItem[] | null;
  readonly epochDetails: Map<number, EpochAnswer>;
  readonly openEpochs: Set<number>;
  /** Rows of the epoch table before "show older". */
  epochRows: number;
  readonly history: History;
  route: Route;
  /** The region shown; null until the first is known. */
  cell: string | null;
  sort: Sort;
  /** Quantity whose values stand on the map; empty: none. */
  mapQuantity: string;
  updatedMs: number | null;
  /** Sentence of the last failed round; null after a good one. */
  lost: string | null;
  retryAtMs: number;
  /** Refusals of single routes while the rest works. */
  trouble: string | null;
};

/** While the rule set is unknown, times are shown as on the public network. */
const HOUR_SECONDS = 3600;

const EPOCH_ROWS = 10;

export function createStore(): Store {
  return {
    status: null,
    clockOffsetMs: 0,
    quantities: new Map(),
    regions: null,
    details: new Map(),
    heard: new Map(),
    epochs: null,
    epochDetails: new Map(),
    openEpochs: new Set(),
    epochRows: EPOCH_ROWS,
    history: new History(),
    route: { kind: 'home' },
    cell: null,
    sort: { key: 'state', descending: false },
    mapQuantity: '',
    updatedMs: null,
    lost: null,
    retryAtMs: 0,
    trouble: null,
  };
}

export function hourSecondsOf(store: Store): number {
  return store.status?.network.hourSeconds ?? HOUR_SECONDS;
}

export function serverNowMs(store: Store): number {
  return Date.now() + store.clockOffsetMs;
}

export function shownRegion(store: Store): RegionAnswer | null {
  return store.cell === null ? null : (store.details.get(store.cell) ?? null);
}

export function quantityLabel(store: Store, code: string): string {
  return store.quantities.get(code)?.label ?? code;
}

/** Which known region a device stands in. */
export function cellOfDevice(store: Store, device: string): string | null {
  for (const region of store.details.values()) {
    if (region.stations.some((station) => station.device === device)) return region.cell;
  }
  return null;
}
