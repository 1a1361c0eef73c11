/** Lines of latitude and longitude with their degrees: at city scale the land is blank, and this is what gives it scale. */
import { divIcon, layerGroup, marker, polyline, type LayerGroup, type Map as LeafletMap } from 'leaflet';
import { h } from '../dom/element.ts';

/** Degrees between lines; the first that leaves at most this many across the view is taken. */
const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30];
const MOST_LINES = 8;

export function addGraticule(map: LeafletMap): void {
  const group = layerGroup().addTo(map);
  const draw = (): void => drawLines(map, group);
  map.on('moveend', draw);
  map.whenReady(draw);
}

function drawLines(map: LeafletMap, group: LayerGroup): void {
  group.clearLayers();
  const bounds = map.getBounds();
  const width = bounds.getEast() - bounds.getWest();
  const step = STEPS.find((candidate) => width / candidate <= MOST_LINES) ?? 30;
  const decimals = step >= 1 ? 0 : step >= 0.1 ? 1 : 2;
  const south = Math.max(-85, bounds.getSouth());
  const north = Math.min(85, bounds.getNorth());
  for (let index = Math.ceil(bounds.getWest() / step); index * step <= bounds.getEast(); index += 1) {
    const longitude = index * step;
    line([
      [south, longitude],
      [north, longitude],
    ]);
    const shown = wrapped(longitude);
    label([bounds.getSouth(), longitude], `${Math.abs(shown).toFixed(decimals)}° ${shown < 0 ? 'W' : 'E'}`, 'lon');
  }
  for (let index = Math.ceil(south / step); index * step <= north; index += 1) {
    const latitude = index * step;
    line([
      [latitude, bounds.getWest()],
      [latitude, bounds.getEast()],
    ]);
    label([latitude, bounds.getEast()], `${Math.abs(latitude).toFixed(decimals)}° ${latitude < 0 ? 'S' : 'N'}`, 'lat');
  }

  function line(ends: [number, number][]): void {
    polyline(ends, { className: 'graticule', interactive: false, weight: 1, pane: 'land' }).addTo(group);
  }

  function label(at: [number, number], text: string, kind: string): void {
    const icon = divIcon({
      html: h('span', { 'aria-hidden': 'true' }, text),
      className: `degree degree-${kind}`,
      iconSize: [0, 0],
    });
    marker(at, { icon, interactive: false, keyboard: false, pane: 'land' }).addTo(group);
  }
}

/** Past the antimeridian the map goes on, the degrees begin again. */
function wrapped(longitude: number): number {
  return longitude > 180 ? longitude - 360 : longitude < -180 ? longitude + 360 : longitude;
}
