/** The map on which a place is chosen: the mark is private, the outlined cell is what the public sees. */
import { control, divIcon, layerGroup, map as leafletMap, marker, polygon, type LatLngTuple } from 'leaflet';
import type { RegionItem } from '../../schema/api/public.ts';
import { h } from '../dom/element.ts';
import { addGraticule } from '../map/graticule.ts';
import { addLand } from '../map/land.ts';

export type PlaceMap = {
  readonly regions: (regions: readonly RegionItem[]) => void;
  /** Null: nothing is chosen. `isFar` moves the view there. */
  readonly show: (chosen: Chosen | null, isFar: boolean) => void;
};
type Chosen = {
  readonly latitude: number;
  readonly longitude: number;
  readonly outline: readonly (readonly [number, number])[];
};

/** Close enough to tell a street from the next. */
const CLOSE = 13;

export function createPlaceMap(
  container: HTMLElement,
  choose: (place: { readonly latitude: number; readonly longitude: number }) => void,
): PlaceMap {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const map = leafletMap(container, {
    zoomSnap: 0.5,
    minZoom: 1,
    maxZoom: 17,
    worldCopyJump: true,
    attributionControl: false,
    zoomAnimation: !still,
    fadeAnimation: !still,
    markerZoomAnimation: !still,
    inertia: !still,
  }).setView([30, 15], 1.5);
  map.createPane('land').classList.add('land-pane');
  addGraticule(map);
  control.scale({ imperial: false, maxWidth: 130 }).addTo(map);
  void addLand(map);
  const chosen = layerGroup().addTo(map);
  const open = layerGroup().addTo(map);
  map.on('click', ({ latlng }) => {
    const { lat, lng } = latlng.wrap();
    choose({ latitude: lat, longitude: lng });
  });
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(container);

  return {
    regions(regions) {
      open.clearLayers();
      for (const { boundary, name } of regions) {
        const corners = boundary.map(([longitude, latitude]): LatLngTuple => [latitude, longitude]);
        polygon(corners, { className: 'region', weight: 2, interactive: false })
          .bindTooltip(h('span', {}, name), { permanent: true, direction: 'center', className: 'region-name' })
          .addTo(open);
      }
    },
    show(place, isFar) {
      chosen.clearLayers();
      container.classList.toggle('near', place !== null);
      if (place === null) return;
      const { latitude, longitude, outline } = place;
      polygon(
        outline.map(([north, east]): LatLngTuple => [north, east]),
        { className: 'public-cell', weight: 2, interactive: false },
      ).addTo(chosen);
      const icon = divIcon({
        html: h('span', { class: 'place-mark' }),
        className: 'place-mark-box',
        iconSize: [22, 22],
      });
      marker([latitude, longitude], { icon, interactive: false, keyboard: false }).addTo(chosen);
      if (isFar || map.getZoom() < 9)
        map.setView([latitude, longitude], Math.max(map.getZoom(), CLOSE - 1), { animate: !still });
    },
  };
}
