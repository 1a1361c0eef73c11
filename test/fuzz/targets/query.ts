/** Questions: parameters of every route that takes any, cursors, negotiation, ranges, positions of streams. */
import { isUnchanged, piecesOf, wantedRange } from '../../../core/byte-range.ts';
import { isExportPath } from '../../../core/export/manifest.ts';
import { canonicalExport, parseExportRequest } from '../../../core/export/request.ts';
import type { RegionCell } from '../../../core/ids.ts';
import { canonicalAnomalies, parseAnomaliesRequest } from '../../../core/query/anomalies.ts';
import { openCursor, sealCursor } from '../../../core/query/cursor.ts';
import { parseEpochsRequest } from '../../../core/query/epochs.ts';
import type { QueryRefusal } from '../../../core/query/errors.ts';
import { parseFeaturesRequest, parseForm } from '../../../core/query/features.ts';
import { chooseFormat, FORMATS } from '../../../core/query/formats.ts';
import { canonicalQuery, parseObservationsRequest } from '../../../core/query/observations.ts';
import { parsePlacesRequest } from '../../../core/query/places.ts';
import { canonicalProofQuery, parseProofRequest } from '../../../core/query/proof-request.ts';
import type { Result } from '../../../core/result.ts';
import { MAIN_RULES } from '../../../core/rules/main.ts';
import { parsePosition, positionText } from '../../../core/stream/position.ts';
import { canonicalStream, parseStreamRequest } from '../../../core/stream/request.ts';
import { bytesOf, headerOf, labelOf, must, type Target, textOf } from '../target.ts';
import { ED25519, NOW_MS, P256, PLACE, REGION } from './examples.ts';

/** Of an address; Workers take 16 KB. */
const MOST_BYTES = 16 * 1024;
const KEY = 'test-only-key-of-a-network';
const RULES = MAIN_RULES.time;
const SPAN = 'from=2026-11-20T00:00:00Z&until=2026-11-21T12:30:00%2B01:00';

const WORDS = [
  '&device=', '&cell=', '&bbox=', '&quantity=', '&from=', '&until=', '&resolution=', '&series=', '&index=', '&format=', '&fields=', '&flags=',
  '&limit=', '&cursor=', '&dry-run=true', '&severity=1.5', '&datetime=', '&offset=', '&f=json', '&minutes=60', '&t=', '&start=', '&status=',
  ED25519, P256, REGION, PLACE, 'temp', 'pm25', 'wind_dir', 'corrected', 'us-aqi', 'raw', 'hour', 'day', 'parquet', 'geojson', 'true', '%2B', '%00',
  '2026-11-22T00:00:00Z', '9999-12-31T23:59:59-23:59', '0000-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '..', '/..', '-180,-90,180,90',
]; // prettier-ignore

type Parsed<T> = Result<T, QueryRefusal>;

/** What was accepted has one form, and that form is accepted as the same. */
function question<T>(
  name: string,
  seeds: readonly string[],
  parse: (parameters: URLSearchParams) => Parsed<T>,
  canonical: ((request: T) => string) | null,
  check: (request: T) => void = () => undefined,
): Target {
  return {
    name: `query-${name}`,
    form: 'text',
    mostBytes: MOST_BYTES,
    seeds: seeds.map(bytesOf),
    words: WORDS,
    run(input) {
      const request = parse(new URLSearchParams(textOf(input)));
      if (!request.ok) {
        const { error } = request;
        return error.reason === 'bad-parameter' || error.reason === 'bad-combination'
          ? `${error.reason} ${error.parameter}`
          : error.reason;
      }
      check(request.value);
      if (canonical === null) return 'ok';
      const text = canonical(request.value);
      // A plus sign stands for itself there.
      const again = parse(new URLSearchParams(text.replaceAll('+', '%2B')));
      must(again.ok, `its own form is refused: ${text.slice(0, 300)}`);
      if (again.ok) must(canonical(again.value) === text, `two forms: ${text.slice(0, 300)}`);
      return 'ok';
    },
  };
}

const checkSpan = ({ fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number }): void =>
  must(
    Number.isSafeInteger(fromMs) && Number.isSafeInteger(untilMs) && fromMs < untilMs,
    `from ${fromMs} until ${untilMs}`,
  );

const observations = question(
  'observations',
  [
    `device=${ED25519}&quantity=temp,pm25&${SPAN}`,
    `cell=${REGION}&quantity=pm25&series=raw,corrected&index=us-aqi-hour&${SPAN}&resolution=day&format=csv&limit=100`,
    `bbox=-4,40,-3,41&quantity=temp&${SPAN}&flags=1,2&fields=device,start,value&format=ndjson&dry-run=true`,
    `device=${P256}&quantity=wind_dir&${SPAN}&resolution=raw&cursor=x.y`,
  ],
  (parameters) => parseObservationsRequest(parameters, 'text/csv;q=0.5, application/json', NOW_MS, RULES),
  canonicalQuery,
  checkSpan,
);

const anomalies = question(
  'anomalies',
  [
    `device=${ED25519}&${SPAN}&test=range,step&flags=3`,
    `cell=${REGION}&${SPAN}&severity=1.5&quantity=temp&limit=5&format=geojson`,
  ],
  (parameters) => parseAnomaliesRequest(parameters, undefined, NOW_MS, RULES),
  canonicalAnomalies,
  checkSpan,
);

const places = question(
  'places',
  [
    `cell=${PLACE}&quantity=temp&limit=10&format=csv`,
    'bbox=170,-20,-170,20',
    `device=${ED25519},${P256}&quantity=pm25`,
    'status=active,retired',
  ],
  (parameters) => {
    const devices = parsePlacesRequest('devices', parameters, undefined, KEY);
    return devices.ok ? devices : parsePlacesRequest('latest', parameters, 'application/geo+json', KEY);
  },
  null,
);

const epochs = question(
  'epochs',
  ['limit=10', `cursor=${sealCursor(KEY, 'epochs', [20_605])}`],
  (parameters) => parseEpochsRequest(parameters, KEY),
  null,
);

const features = question(
  'features',
  [
    'bbox=-4,40,-3,41&datetime=2026-11-20T00:00:00Z/..&limit=5',
    'bbox=-4,40,0,-3,41,100&offset=10&f=geojson',
    'datetime=2026-11-20T00:00:00Z',
  ],
  (parameters) => {
    parseForm(parameters);
    return parseFeaturesRequest('devices', parameters, KEY);
  },
  null,
  ({ limit, bbox }) => {
    must(limit >= 1 && limit <= 1000, `limit ${limit}`);
    if (bbox !== null)
      must(Math.abs(bbox.west) <= 180 && Math.abs(bbox.north) <= 90 && bbox.south <= bbox.north, 'a box off the earth');
  },
);

const proofRequests = question(
  'proofs',
  [
    `device=${ED25519}&quantity=temp&t=2026-11-20T00:00:00.123Z`,
    `device=${P256}&quantity=pm25&start=2026-11-20T00:10:00Z&dry-run=true`,
  ],
  (parameters) => parseProofRequest(parameters, NOW_MS, RULES),
  null,
  (request) => {
    checkSpan(request);
    must(canonicalProofQuery(request).startsWith('device=did:key:z'), 'a question about no device');
  },
);

const exportsAsked = question(
  'exports',
  [
    `cell=${REGION}&quantity=temp,pm25&${SPAN}&format=parquet`,
    `device=${ED25519}&quantity=temp&${SPAN}&resolution=day&format=csv`,
  ],
  (parameters) => parseExportRequest(parameters, NOW_MS, RULES),
  canonicalExport,
  checkSpan,
);

const streams = question(
  'streams',
  [`device=${ED25519}&quantity=temp&minutes=10`, `bbox=-4,40,-3,41&quantity=pm25,temp&dry-run=true`],
  (parameters) => parseStreamRequest(parameters),
  canonicalStream,
);

const cursors: Target = {
  name: 'cursor',
  form: 'text',
  mostBytes: MOST_BYTES,
  share: 0.3,
  seeds: [sealCursor(KEY, 'q', ['did:key:z6Mk', 1_700_000_000_000, 'pm25']), sealCursor(KEY, 'q', [])].map(bytesOf),
  run(input) {
    const text = textOf(input);
    const opened = openCursor(KEY, 'q', text);
    if (!opened.ok) return opened.error.reason;
    must(sealCursor(KEY, 'q', opened.value) === text, 'a cursor that nobody sealed');
    return 'ok';
  },
};

const CELLS = [REGION, '831fb4fffffffff'] as RegionCell[];

const positions: Target = {
  name: 'stream-position',
  form: 'text',
  mostBytes: MOST_BYTES,
  seeds: [`${CELLS[0]}.17-${CELLS[1]}.0`, `${CELLS[0]}.999999999999999`].map(bytesOf),
  words: [...CELLS, '.1', '-'],
  run(input) {
    const position = parsePosition(textOf(input), CELLS);
    if (position === null) return 'no-position';
    const text = positionText(position);
    const again = parsePosition(text, CELLS);
    must(again !== null && positionText(again) === text, 'two forms of one position');
    return 'ok';
  },
};

const FILE = { bytes: 1000, etag: '"abc"' };

const headers: Target = {
  name: 'request-headers',
  form: 'text',
  mostBytes: MOST_BYTES,
  seeds: [
    'bytes=0-99',
    'bytes=-5',
    'bytes=990-',
    'text/csv;q=0.5, application/*;q=0.1, */*;q=0',
    '"abc", W/"def"',
    '*',
    'cell=83390cfffffffff/date=2026-11-22/part-0.parquet',
  ].map(bytesOf),
  words: ['bytes=', ';q=', 'q=0.001', 'W/"', '*/*', 'application/x-ndjson', ', '],
  run(input) {
    const header = headerOf(input);
    const wanted = wantedRange(header, undefined, FILE);
    if (wanted.kind === 'part') {
      const { offset, length } = wanted;
      must(offset >= 0 && length >= 1 && offset + length <= FILE.bytes, `bytes ${offset} and ${length} more`);
      const pieces = piecesOf(
        [
          { key: 'a', bytes: 300 },
          { key: 'b', bytes: 700 },
        ],
        offset,
        length,
      );
      must(pieces.reduce((sum, piece) => sum + piece.length, 0) === length, 'pieces of another length');
    }
    const isKnown = isUnchanged(header, FILE.etag);
    const format = chooseFormat({ format: undefined, accept: header }, FORMATS);
    if (isExportPath(header)) must(!header.includes('..') && !header.startsWith('/'), 'a path that climbs');
    return wanted.kind === 'whole' && !isKnown ? labelOf(format) : 'ok';
  },
};

export const QUERY_TARGETS: readonly Target[] = [
  observations, anomalies, places, epochs, features, proofRequests, exportsAsked, streams, cursors, positions, headers,
]; // prettier-ignore
