import { expect, test } from 'vitest';
import { duration, replaceGenerated, table } from './markdown.ts';

const PAGE = 'before\n<!-- generated: a -->\nold\n<!-- end of generated -->\nafter\n';

test('only the text between the marks is replaced, and doing it twice changes nothing', () => {
  const once = replaceGenerated(PAGE, 'a', 'new');
  expect(once).toBe('before\n<!-- generated: a -->\n\nnew\n\n<!-- end of generated -->\nafter\n');
  expect(replaceGenerated(once ?? '', 'a', 'new')).toBe(once);
});

test('a page without the mark, or with no end to it, is left alone', () => {
  expect(replaceGenerated(PAGE, 'b', 'new')).toBeNull();
  expect(replaceGenerated('<!-- generated: a -->\nold\n', 'a', 'new')).toBeNull();
});

test('a bar inside a cell does not end it', () => {
  expect(table(['x'], [['a|b']])).toBe('| x |\n| --- |\n| a\\|b |');
});

test('durations are told in their largest whole unit', () => {
  expect([20, 480, 7200, 172_800].map(duration)).toEqual(['20 s', '8 min', '2 h', '2 d']);
});
