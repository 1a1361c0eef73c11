/** Small plots as SVG. Attributes only, no style attributes, so that a strict content policy holds. */
import { svg } from './dom/element.ts';
import type { Point } from './live/history.ts';

const WIDTH = 400;
const HEIGHT = 56;
const MARGIN = 5;

/** A line with a mark at every flagged hour and at the newest. Gaps of more than an hour and a half are left open. */
export function sparkline(points: readonly Point[], hourSeconds: number, label: string): SVGElement {
  const values = points.map((point) => point.value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const from = points[0]?.hourMs ?? 0;
  const span = Math.max(1, (points.at(-1)?.hourMs ?? 0) - from);
  const x = (point: Point): number => round(MARGIN + ((point.hourMs - from) / span) * (WIDTH - 2 * MARGIN));
  const y = (point: Point): number =>
    high === low ? HEIGHT / 2 : round(HEIGHT - MARGIN - ((point.value - low) / (high - low)) * (HEIGHT - 2 * MARGIN));
  let path = '';
  points.forEach((point, index) => {
    const before = points[index - 1];
    const joined = before !== undefined && point.hourMs - before.hourMs <= 1500 * hourSeconds;
    path += `${joined ? 'L' : 'M'}${x(point)} ${y(point)}`;
  });
  const marks = points
    .filter((point, index) => point.flag === 3 || point.flag === 4 || index === points.length - 1)
    .map((point) =>
      svg('circle', {
        cx: x(point),
        cy: y(point),
        r: 3.2,
        class: point.flag === 4 ? 'dot-fail' : point.flag === 3 ? 'dot-suspect' : 'dot-good',
      }),
    );
  return svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'spark', role: 'img', 'aria-label': label },
    svg('line', { x1: 0, x2: WIDTH, y1: HEIGHT - 1, y2: HEIGHT - 1, class: 'axis' }),
    svg('path', { d: path, class: 'spark-line' }),
    marks,
  );
}

export type Bar = { readonly share: number; readonly kind: string; readonly title: string };

/** Bars from left to right, stretched to the width of their box; labels stand outside. */
export function bars(items: readonly Bar[], slots: number, label: string): SVGElement {
  const height = 100;
  return svg(
    'svg',
    {
      viewBox: `0 0 ${slots * 10} ${height}`,
      preserveAspectRatio: 'none',
      class: 'bars',
      role: 'img',
      'aria-label': label,
    },
    items.map((bar, index) => {
      const tall = round(Math.max(1.5, bar.share * (height - 4)));
      const left = (slots - items.length + index) * 10 + 1.5;
      return svg(
        'rect',
        { x: left, y: round(height - tall), width: 7, height: tall, class: `bar bar-${bar.kind}` },
        svg('title', {}, bar.title),
      );
    }),
  );
}

/** At and below this score nothing is earned (`rampFromBps` of the rule set); only the colour of a bar depends on it here. */
const EARNS_FROM_BPS = 6000;

/** Share of 10,000 as a thin bar. */
export function meter(bps: number): SVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 100 6', preserveAspectRatio: 'none', class: 'meter', 'aria-hidden': 'true' },
    svg('rect', { width: 100, height: 6, class: 'meter-back' }),
    svg('rect', {
      width: round(Math.min(100, Math.max(0, bps / 100))),
      height: 6,
      class: bps <= EARNS_FROM_BPS ? 'meter-low' : 'meter-fill',
    }),
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
