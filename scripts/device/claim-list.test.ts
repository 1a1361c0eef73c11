import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { type ClaimList, parseClaimList, writeResults } from './claim-list.ts';

const parse = (text: string): ClaimList =>
  parseClaimList(text, (key) => ('made' in key ? resolve('/keys', `${key.made}.pem`) : resolve('/', key.file)));
const HEADER = 'key,lat,lon,elevation,height,name,type';

test('a row is a key and a site; what is left out is null', () => {
  const { devices, errors } = parse(`${HEADER}\na.pem,40.4,-3.7,662,3.5,Roof,Airy 2\nb.pem,-33.9,151.2,,,,\n`);
  expect(errors).toEqual([]);
  expect(devices).toEqual([
    {
      line: 2,
      key: { file: 'a.pem' },
      site: { latitude: 40.4, longitude: -3.7, elevationM: 662, heightM: 3.5, name: 'Roof', type: 'Airy 2' },
    },
    {
      line: 3,
      key: { file: 'b.pem' },
      site: { latitude: -33.9, longitude: 151.2, elevationM: null, heightM: null, name: null, type: null },
    },
  ]);
});

test('a new key is named after its device, so that a row keeps its key when it moves', () => {
  const { devices } = parse('key,lat,lon,name\nnew,1,1,Café Süd (2)\nnew,1,1,東京 1\n');
  expect(devices.map(({ key }) => key)).toEqual([{ made: 'cafe-sud-2' }, { made: '東京-1' }]);
});

test('every bad row has one line with its number and all that is wrong', () => {
  const rows = ['x.pem,91,east', 'x.pem,1,1', 'x.pem,1,1', '', 'new,1,1', ',1,1', 'y.pem,1', '"z.pem",1,1,extra'];
  expect(parse(`key,lat,lon\n${rows.join('\n')}\n`).errors).toEqual([
    'line 2: lat "91" is not a number of degrees from -90 to 90; lon "east" is not a number of degrees from -180 to 180',
    'line 3: its key is that of line 2',
    'line 4: its key is that of line 2',
    'line 6: a new key is named after the device, and name is missing',
    'line 7: key is missing: a file, or "new"',
    'line 8: 2 columns where the header has 3; lon is missing',
    'line 9: 4 columns where the header has 3',
  ]);
});

test('one key in two spellings, or given and made, is one key', () => {
  expect(
    parse('key,lat,lon,name\na.pem,1,1,A\n./a.pem,1,1,B\nnew,1,1,Roof\nx/../keys/roof.pem,1,1,C\n').errors,
  ).toEqual(['line 3: its key is that of line 2', 'line 5: its key is that of line 4']);
});

test('two new devices of one name would get one key, and are refused', () => {
  expect(parse('key,lat,lon,name\nnew,1,1,Roof\nnew,1,1,roof!\n').errors).toEqual([
    'line 3: its name gives the key of line 2',
  ]);
});

test.each([
  [
    '',
    [
      'line 1: the column "key" is missing',
      'line 1: the column "lat" is missing',
      'line 1: the column "lon" is missing',
    ],
  ],
  [
    'key,lat,lon,altitude\na,1,1,1',
    [`line 1: there is no column "altitude"; there are ${HEADER.replaceAll(',', ', ')}`],
  ],
  ['key,lat,lon,lat\na,1,1,1', ['line 1: the column "lat" stands there twice']],
  ['key,lat,lon\n', ['there is no row below the header']],
])('a table without the right columns is refused as a whole: %j', (text, errors) => {
  expect(parse(text)).toEqual({ devices: [], errors });
});

test('a quote that is never closed is named with its line', () => {
  expect(parse('key,lat,lon\n"a,1,1\n').errors[0]).toMatch(/[Qq]uote.*line/);
});

test('what spreadsheets write is read: byte order mark, CRLF, quotes, line breaks in quotes', () => {
  const { devices, errors } = parse(
    '\uFEFFKey,Lat,Lon,Name\r\n"a.pem","1","2","Roof, north"\r\nb.pem,1,2,"two\nlines"\nc.pem,1,2,x\r\n',
  );
  expect(devices.map(({ line, site }) => [line, site.name])).toEqual([
    [2, 'Roof, north'],
    [5, 'x'],
  ]);
  expect(errors).toEqual(['line 3: name has a line break or another control character']);
});

test('results are a table again, and a name that looks like a formula stays text', () => {
  const row = {
    line: '2',
    key: 'a.pem',
    device: 'did:key:z',
    region: '83',
    'ingest address': 'https://x',
    result: 'claimed',
  };
  expect(writeResults([{ ...row, name: '=1+1, "quoted"' }])).toBe(
    'line,key,name,device,region,ingest address,result\r\n' +
      '2,a.pem,"\'=1+1, ""quoted""",did:key:z,83,https://x,claimed\r\n',
  );
});
