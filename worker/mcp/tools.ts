/**
 * What a language model may do here. Each tool is one question to a route of the API, so that there is one answer to it,
 * one price and one set of refusals; a tool only has fewer and simpler parameters.
 */
import { QUANTITIES } from '../../core/reading/quantity.ts';

type Property = Readonly<Record<string, unknown>>;

export type Tool = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** JSON Schema of the arguments; their names are those of the route's parameters unless `path` takes them out. */
  readonly properties: Readonly<Record<string, Property>>;
  readonly required: readonly string[];
  readonly path: (given: Arguments) => string;
};

export type Arguments = Readonly<Record<string, unknown>>;

const text = (description: string, more: Property = {}): Property => ({ type: 'string', description, ...more });
const list = (description: string, items: Property): Property => ({ type: 'array', description, items, maxItems: 100 });

const DEVICE = { type: 'string', pattern: '^did:key:z' };
const CODES = { type: 'string', enum: QUANTITIES.map(({ code }) => code) };
const BBOX = text('west,south,east,north in degrees, such as -3.9,40.3,-3.5,40.6 for Madrid. Or use `cell`.');
const CELLS = list('H3 cells of resolution 3 to 7, as find_sensors and list_regions give them.', { type: 'string' });
const QUANTITY = list('What is measured. list_quantities tells units and meaning.', CODES);
const CURSOR = text('`next` of the page before, to go on from there.');

const WHERE = { bbox: BBOX, cell: CELLS };
const SERIES: Tool['properties'] = {
  device: list('Device ids from find_sensors. Or use `cell` or `bbox`.', DEVICE),
  ...WHERE,
  quantity: QUANTITY,
  from: text('Start, RFC 3339 with an offset: 2026-11-22T00:00:00Z.'),
  until: text('End, exclusive, RFC 3339 with an offset.'),
  resolution: {
    type: 'string',
    enum: ['hour', 'day'],
    description: 'Hourly means (the default) or means of UTC days.',
  },
  index: list('Air quality indices instead of, or beside, quantities: us-aqi, european-aqi.', { type: 'string' }),
};

export const TOOLS: readonly Tool[] = [
  {
    name: 'list_quantities',
    title: 'What is measured',
    description: 'All quantities of the network with unit and meaning. Free.',
    properties: {},
    required: [],
    path: () => '/v1/quantities',
  },
  {
    name: 'list_regions',
    title: 'Regions',
    description: 'The regions of the network with their H3 cells, devices and how far their data is judged. Free.',
    properties: {},
    required: [],
    path: () => '/v1/regions',
  },
  {
    name: 'find_sensors',
    title: 'Find sensors',
    description:
      'Sensors by place, quantity and status: id, name, place (to about 1 km), quality score in basis points, quantities. Free.',
    properties: { ...WHERE, quantity: QUANTITY, limit: { type: 'integer', minimum: 1, maximum: 200 }, cursor: CURSOR },
    required: [],
    path: (given) => route('/v1/devices', { limit: 50, ...given }),
  },
  {
    name: 'latest_values',
    title: 'Latest values',
    description:
      'The newest hourly means that are free, at least an hour old, with quality flag (1 good, 2 not judged, 3 suspect, 4 failed). Free.',
    properties: {
      device: list('Device ids. Or use `cell` or `bbox`.', DEVICE),
      ...WHERE,
      quantity: QUANTITY,
      limit: { type: 'integer', minimum: 1, maximum: 500 },
      cursor: CURSOR,
    },
    required: [],
    path: (given) => route('/v1/latest', { limit: 100, ...given }),
  },
  {
    name: 'sensor_quality',
    title: 'Quality of a sensor',
    description:
      'One sensor: daily quality score with its parts and causes, latest values, and its flags with what was measured and expected. Free.',
    properties: { device: { ...DEVICE, description: 'Device id.' } },
    required: ['device'],
    path: ({ device }) => `/v1/devices/${encodeURIComponent(String(device))}`,
  },
  {
    name: 'price_of_history',
    title: 'Price of a history',
    description: 'What get_history would cost in USDC, and how many values it has, without buying it. Free.',
    properties: SERIES,
    required: ['from', 'until'],
    path: (given) => route('/v1/observations', { ...given, 'dry-run': 'true' }),
  },
  {
    name: 'get_history',
    title: 'Buy a history',
    description:
      'Measured values with flags, by hour or day, as fresh as now. Costs USDC: ask price_of_history first. Pays with the API key of the connection (Authorization: Bearer isk_...), or by x402 (the payment in _meta "x402/payment"); without either the answer tells the price and how to pay.',
    properties: { ...SERIES, limit: { type: 'integer', minimum: 1, maximum: 5000 }, cursor: CURSOR },
    required: ['from', 'until'],
    path: (given) => route('/v1/observations', { ...given, format: 'json' }),
  },
];

function route(path: string, given: Arguments): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) {
    const text = textOf(value);
    if (text !== null) parameters.set(name, name === 'cursor' ? cursorOf(text) : text);
  }
  const query = parameters.toString();
  return query === '' ? path : `${path}?${query}`;
}

/** The schema lets nothing else through than texts, numbers and lists of texts. */
function textOf(value: unknown): string | null {
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}

/** `next` of an answer is the whole address of the next page; the cursor is in it. */
function cursorOf(next: string): string {
  return (URL.canParse(next) ? new URL(next).searchParams.get('cursor') : null) ?? next;
}
