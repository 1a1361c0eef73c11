/** Markdown tables, and the marks between which generated text stands in a page that is otherwise written by hand. */

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const open = (name: string) => `<!-- generated: ${name} -->`;
const CLOSE = '<!-- end of generated -->';

/** Null: the page has no such marks. */
export function replaceGenerated(page: string, name: string, text: string): string | null {
  const from = page.indexOf(open(name));
  const until = page.indexOf(CLOSE, from);
  if (from < 0 || until < 0) return null;
  return `${page.slice(0, from)}${open(name)}\n\n${text}\n\n${page.slice(until)}`;
}

/** `3600` reads `1 h`, `86400` reads `1 d`; what is no whole number of a unit is told in the next smaller one. */
export function duration(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** 4 significant places are enough for shares; whole ones have none. */
export function percent(basisPoints: number): string {
  return `${basisPoints / 100} %`;
}
