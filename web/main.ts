/** Wires the page: rounds of requests fill the store, views draw it, one listener hears every control. */
import { byId } from './dom/element.ts';
import { morph } from './dom/morph.ts';
import { pollIntervalMs, startPolling, type Poller } from './live/poll.ts';
import { openStream } from './live/stream.ts';
import { playRound } from './live/round.ts';
import { cellOfDevice, createStore, hourSecondsOf } from './live/store.ts';
import { announcement } from './live/announce.ts';
import { handleActions } from './actions.ts';
import { createMap } from './map/map.ts';
import { parseRoute, regionLink, stationLink } from './route.ts';
import { epochsView } from './views/epochs.ts';
import { factsView } from './views/facts.ts';
import { liveView, noticeView } from './views/live.ts';
import { panelView } from './views/panel.ts';
import { stationsView } from './views/stations.ts';
import { statsView } from './views/stats.ts';
import { legendView, toolbarView } from './views/toolbar.ts';

const store = createStore();
const map = createMap(byId('map'), {
  station: (device) => location.assign(stationLink(device)),
  region: (cell) => location.assign(regionLink(cell)),
});
let poller: Poller | null = null;
let fitted: string | null = null;
const stream = openStream((message) => {
  store.heard.set(message.cell, message);
  // Values follow by the next poll, which comes now.
  if (message.type === 'closed') poller?.now();
});

function draw(): void {
  stream.follow(store.cell);
  drawClock();
  morph(byId('regions'), toolbarView(store));
  morph(byId('panel'), panelView(store));
  morph(byId('stations-section'), stationsView(store));
  morph(byId('epochs-section'), epochsView(store));
  morph(byId('facts'), factsView(store));
  map.update(store);
  const region = store.cell === null ? undefined : store.details.get(store.cell);
  if (region !== undefined && fitted !== region.cell) {
    fitted = region.cell;
    map.fit(store, 'stations');
  }
}

/** What changes by the second. */
function drawClock(): void {
  morph(byId('live'), liveView(store));
  morph(byId('notice'), noticeView(store));
  morph(byId('stats'), statsView(store));
}

/** True when the address names a view, not merely a section of the page. */
function followRoute(): boolean {
  const route = parseRoute(location.hash);
  if (route === null) return false;
  store.route = route;
  if (route.kind === 'region') store.cell = route.cell;
  if (route.kind === 'station') store.cell = cellOfDevice(store, route.device) ?? store.cell;
  if (route.kind === 'epoch') store.openEpochs.add(route.epoch);
  return true;
}

function onRoute(): void {
  if (!followRoute()) return;
  draw();
  const { route } = store;
  if (route.kind === 'home') return;
  if (route.kind === 'epoch') {
    showEpoch(route.epoch);
    return;
  }
  if (route.kind === 'station') {
    const station = store.details.get(store.cell ?? '')?.stations.find((item) => item.device === route.device);
    if (station !== undefined) map.focusOn(station);
  }
  const title = document.getElementById('panel-title');
  title?.focus({ preventScroll: true });
  byId('panel').scrollTop = 0;
  title?.scrollIntoView({ block: 'nearest' });
  poller?.now();
}

function showEpoch(epoch: number): void {
  document.getElementById(`epoch-${epoch}`)?.scrollIntoView({ block: 'center' });
  poller?.now();
}

async function round(): Promise<boolean> {
  const first = store.updatedMs === null;
  const seen = announcement(store);
  const ok = await playRound(store);
  // A shared link may name a station whose region is known only now.
  if (store.route.kind === 'station') store.cell = cellOfDevice(store, store.route.device) ?? store.cell;
  draw();
  if (first && store.updatedMs !== null && store.route.kind === 'epoch') showEpoch(store.route.epoch);
  const text = announcement(store);
  if (text !== seen) byId('announcer').textContent = text;
  return ok;
}

followRoute();
morph(byId('legend'), legendView());
draw();
handleActions(store, map, { draw, refresh: () => poller?.now() });
globalThis.addEventListener('hashchange', onRoute);
setInterval(drawClock, 1000);
poller = startPolling(
  round,
  () => pollIntervalMs(hourSecondsOf(store)),
  (waitMs) => {
    store.retryAtMs = Date.now() + waitMs;
    drawClock();
  },
);
