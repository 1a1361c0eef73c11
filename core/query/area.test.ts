import { expect, test } from 'vitest';
import { bboxText, parseBbox, parseCells } from './area.ts';

test('a box is west, south, east, north, and may cross the antimeridian', () => {
  expect(parseBbox('-4,40, -3.5,41')).toEqual({ ok: true, value: { west: -4, south: 40, east: -3.5, north: 41 } });
  expect(parseBbox('177,-20,-178,-16')).toMatchObject({ ok: true, value: { west: 177, east: -178 } });
});

test.each([
  '',
  '1,2,3',
  '1,2,3,4,5',
  '1,2,3,',
  'a,b,c,d',
  '0x1,2,3,4',
  '1e1,2,30,4',
  '181,0,1,1',
  '0,91,1,92',
  '0,2,1,1',
])('%s is no box', (text) => {
  expect(parseBbox(text)).toMatchObject({ ok: false, error: { reason: 'bad-parameter', parameter: 'bbox' } });
});

test('spellings of one box have one text', () => {
  const texts = ['-0,1.50,2,3', '0,+1.5,2.0,3'].map(parseBbox).map((box) => (box.ok ? bboxText(box.value) : ''));
  expect(texts).toEqual(['0,1.5,2,3', '0,1.5,2,3']);
});

test('cells are sorted and counted once; too many are refused', () => {
  const cells = parseCells(['843900bffffffff', '833900fffffffff', '843900bffffffff']);
  expect(cells).toMatchObject({ ok: true, value: [{ cell: '833900fffffffff' }, { cell: '843900bffffffff' }] });
  expect(parseCells(['823907fffffffff'])).toMatchObject({ ok: false, error: { parameter: 'cell' } });
  const many = Array.from({ length: 21 }, (_, at) => `83${(0x0000 + at * 16).toString(16).padStart(4, '0')}fffffffff`);
  expect(parseCells(many)).toMatchObject({ ok: false, error: { reason: 'too-many-values', limit: 20 } });
});
