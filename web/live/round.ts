/** One round of requests: a fixed number whatever the size of the network. */
import { getEpoch, getEpochs, getQuantities, getRegion, getRegions, getStatus, type Answer } from './api.ts';
import type { Store } from './store.ts';

/** Regions beside the shown one are refreshed in turn, one a round. */
let turn = 0;

/** False when the network could not be reached; a refusal of one route only shows in its place. */
export async function playRound(store: Store): Promise<boolean> {
  const status = await getStatus();
  if (!status.ok && status.failure.kind === 'unreachable') {
    store.lost = status.failure.sentence;
    return false;
  }
  const troubles: string[] = [];
  const take = <T>(answer: Answer<T>, use: (value: T) => void): void => {
    if (answer.ok) use(answer.value);
    else troubles.push(answer.failure.sentence);
  };
  take(status, (value) => {
    store.status = value;
    store.clockOffsetMs = Date.parse(value.time) - Date.now();
  });
  const [quantities, regions, epochs] = await Promise.all([
    store.quantities.size === 0 ? getQuantities() : null,
    getRegions(),
    getEpochs(),
  ]);
  if (quantities !== null) {
    take(quantities, (value) => {
      store.quantities = new Map(value.quantities.map((item) => [item.code, item]));
    });
  }
  take(regions, (value) => {
    store.regions = value.regions;
    if (store.cell === null && store.route.kind !== 'region') store.cell = value.regions[0]?.cell ?? null;
  });
  take(epochs, (value) => {
    store.epochs = value.epochs;
  });
  const details = await Promise.all([...cellsDue(store)].map(getRegion));
  for (const detail of details) {
    take(detail, (value) => {
      store.details.set(value.cell, value);
      store.history.add(value);
    });
  }
  for (const epoch of await Promise.all(epochsDue(store).map(getEpoch))) {
    take(epoch, (value) => store.epochDetails.set(value.epoch, value));
  }
  store.trouble = troubles[0] ?? null;
  store.lost = null;
  store.updatedMs = Date.now();
  return troubles.length === 0;
}

/** All unseen regions of a small network at once, so that the first picture is whole; else the shown one and the next in turn. */
const FIRST_REGIONS = 8;

function cellsDue(store: Store): ReadonlySet<string> {
  const cells = (store.regions ?? []).map((region) => region.cell);
  const due = new Set<string>();
  if (store.cell !== null) due.add(store.cell);
  for (const cell of cells.slice(0, FIRST_REGIONS)) {
    if (!store.details.has(cell)) due.add(cell);
  }
  turn += 1;
  const next = cells[turn % Math.max(1, cells.length)];
  if (next !== undefined) due.add(next);
  return due;
}

/** Open rows whose epoch may still change, or is not loaded. */
function epochsDue(store: Store): number[] {
  const known = new Map((store.epochs ?? []).map((item) => [item.epoch, item]));
  return [...store.openEpochs].filter((epoch) => {
    const item = known.get(epoch);
    const loaded = store.epochDetails.get(epoch);
    return item !== undefined && (loaded === undefined || loaded.state !== item.state);
  });
}
