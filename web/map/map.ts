/** The map: regions as outlines, stations as marks. It is told what to show and says which station was chosen. */
import {
  circle,
  control,
  divIcon,
  latLngBounds,
  layerGroup,
  map as leafletMap,
  marker,
  polygon,
  type Circle,
  type LatLngBounds,
  type LatLngTuple,
  type Marker,
  type Polygon,
} from 'leaflet';
import type { RegionAnswer, RegionItem, Station } from '../../schema/api/public.ts';
import { h } from '../dom/element.ts';
import { stateIcon } from '../icons.ts';
import { hourSecondsOf, type Store } from '../live/store.ts';
import { STATE_LABEL, stationState, type StationState } from '../station-state.ts';
import { numberOf, valueOf } from '../views/parts.ts';
import { addGraticule } from './graticule.ts';
import { addLand } from './land.ts';

export type Fit = 'stations' | 'region' | 'world';
export type StationMap = {
  readonly update: (store: Store) => void;
  readonly fit: (store: Store, to: Fit) => void;
  readonly focusOn: (station: Station) => void;
};
type Choose = { readonly station: (device: string) => void; readonly region: (cell: string) => void };

/** Below this zoom stations of a region would lie on one another: only its outline and name are shown. */
const STATION_ZOOM = 7;
/** Circumradius of an H3 resolution-7 cell: how far a station may be from its public place. */
const PLACE_RADIUS_M = 1400;

export function createMap(container: HTMLElement, choose: Choose): StationMap {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const map = leafletMap(container, {
    zoomSnap: 0.25,
    minZoom: 1.25,
    maxZoom: 14,
    maxBounds: [
      [-85, -220],
      [85, 220],
    ],
    worldCopyJump: true,
    attributionControl: false,
    zoomAnimation: !still,
    fadeAnimation: !still,
    markerZoomAnimation: !still,
    inertia: !still,
  }).setView([30, 20], 1.5);
  const landPane = map.createPane('land');
  landPane.classList.add('land-pane');
  const placePane = map.createPane('place');
  placePane.classList.add('place-pane');
  addGraticule(map);
  control.scale({ imperial: false, maxWidth: 130 }).addTo(map);
  void addLand(map);

  const stations = layerGroup();
  const outlines = new Map<string, Polygon>();
  const marks = new Map<string, { readonly marker: Marker; readonly around: Circle; readonly look: string }>();
  const showByZoom = (): void => {
    const near = map.getZoom() >= STATION_ZOOM;
    container.classList.toggle('near', near);
    if (near) stations.addTo(map);
    else stations.remove();
  };
  map.on('zoomend', showByZoom);
  showByZoom();
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(container);

  function outline(region: RegionItem): void {
    if (outlines.has(region.cell)) return;
    const shape = polygon(
      region.boundary.map(([longitude, latitude]): LatLngTuple => [latitude, longitude]),
      { className: 'region', weight: 2 },
    )
      .bindTooltip(h('span', {}, region.name), { permanent: true, direction: 'center', className: 'region-name' })
      .on('click', () => choose.region(region.cell))
      .addTo(map);
    outlines.set(region.cell, shape);
  }

  function place(store: Store, region: RegionAnswer, station: Station): void {
    const state = stationState(station, region, hourSecondsOf(store));
    const value = station.latest.find((latest) => latest.quantity === store.mapQuantity);
    const shown = value === undefined ? null : valueOf(store, value);
    const number = value === undefined ? null : numberOf(store, value);
    const selected = store.route.kind === 'station' && store.route.device === station.device;
    const look = [station.name, state, shown, selected].join('|');
    const old = marks.get(station.device);
    if (old?.look === look) return;
    const mark = old?.marker ?? newMark(station);
    const around = old?.around ?? newAround(station);
    // A new icon is a new element: keep the keyboard where it was.
    const focused = document.activeElement !== null && document.activeElement === (mark.getElement() ?? null);
    mark
      .setIcon(markIcon(state, number, selected))
      .setZIndexOffset(selected ? 2000 : state === 'fail' ? 1000 : state === 'suspect' ? 500 : 0);
    mark.setTooltipContent(
      h('span', {}, h('strong', {}, station.name), ` ${STATE_LABEL[state]}${shown === null ? '' : `, ${shown}`}`),
    );
    marks.set(station.device, { marker: mark, around, look });
    dress(mark, `${station.name}: ${STATE_LABEL[state]}${shown === null ? '' : `, ${shown}`}`);
    if (focused) mark.getElement()?.focus();
  }

  /** Where the station may be: its public place is the center of a cell. */
  function newAround({ latitude, longitude }: Station): Circle {
    const options = { radius: PLACE_RADIUS_M, className: 'place', interactive: false, weight: 1, pane: 'place' };
    return circle([latitude, longitude], options).addTo(stations);
  }

  function newMark(station: Station): Marker {
    return marker([station.latitude, station.longitude], { icon: markIcon('waiting', null, false), riseOnHover: true })
      .bindTooltip(h('span', {}), { direction: 'top', offset: [0, -12] })
      .on('click', () => choose.station(station.device))
      .on('add', (event) => {
        const mark: Marker = event.target;
        dress(mark, mark.options.alt ?? '');
        mark.getElement()?.addEventListener('keydown', (key) => {
          if (key.key !== 'Enter' && key.key !== ' ') return;
          key.preventDefault();
          choose.station(station.device);
        });
      })
      .addTo(stations);
  }

  return {
    update(store) {
      for (const region of store.regions ?? []) {
        outline(region);
        outlines
          .get(region.cell)
          ?.getElement()
          ?.classList.toggle('chosen', region.cell === store.cell);
      }
      for (const region of store.details.values()) {
        for (const station of region.stations) place(store, region, station);
      }
      const listed = new Set(
        [...store.details.values()].flatMap(({ stations: all }) => all.map(({ device }) => device)),
      );
      for (const [device, { marker: mark, around }] of marks) {
        if (listed.has(device)) continue;
        stations.removeLayer(mark).removeLayer(around);
        marks.delete(device);
      }
    },
    fit(store, to) {
      const bounds = to === 'world' ? null : boundsOf(store, to);
      if (bounds === null)
        map.setView(
          [25, 25],
          map.getBoundsZoom([
            [-50, -120],
            [70, 150],
          ]),
          { animate: !still },
        );
      else map.fitBounds(bounds, { padding: [36, 36], maxZoom: 12.5, animate: !still });
    },
    focusOn(station) {
      if (map.getZoom() < STATION_ZOOM || !map.getBounds().pad(-0.05).contains([station.latitude, station.longitude])) {
        map.setView([station.latitude, station.longitude], Math.max(map.getZoom(), 11), { animate: !still });
      }
    },
  };
}

function boundsOf(store: Store, to: 'stations' | 'region'): LatLngBounds | null {
  const item = store.regions?.find((region) => region.cell === store.cell);
  if (item === undefined) return null;
  const stations = store.details.get(item.cell)?.stations ?? [];
  if (to === 'stations' && stations.length > 0)
    return latLngBounds(stations.map((station): LatLngTuple => [station.latitude, station.longitude]));
  return latLngBounds(item.boundary.map(([longitude, latitude]): LatLngTuple => [latitude, longitude]));
}

function markIcon(state: StationState, value: string | null, selected: boolean): ReturnType<typeof divIcon> {
  const html = h(
    'span',
    { class: `pin${selected ? ' pin-selected' : ''}` },
    stateIcon(state),
    value === null ? null : h('span', { class: 'pin-value' }, value),
  );
  return divIcon({ html, className: 'pin-box', iconSize: [28, 28] });
}

/** Leaflet gives its marks focus and the role of a button; the name is ours. Kept in `alt` for when it is drawn later. */
function dress(mark: Marker, name: string): void {
  mark.options.alt = name;
  mark.getElement()?.setAttribute('aria-label', name);
}
