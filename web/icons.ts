/** Marks that differ in shape as well as in colour, so that no state is told by colour alone. */
import { h, svg } from './dom/element.ts';
import { STATE_LABEL, type StationState } from './station-state.ts';

const SHAPE: Readonly<Record<StationState, () => readonly SVGElement[]>> = {
  good: () => [svg('circle', { cx: 12, cy: 12, r: 10, class: 'mark-fill' }), ink('M7.500 12.500l3 3 6-6.500')],
  suspect: () => [
    svg('path', { d: 'M12 1.800L23 21.500H1z', class: 'mark-fill mark-round' }),
    ink('M12 9v5.500M12 18v.1'),
  ],
  fail: () => [
    svg('path', { d: 'M7.500 1.500h9l6 6v9l-6 6h-9l-6-6v-9z', class: 'mark-fill mark-round' }),
    ink('M8.500 8.500l7 7M15.500 8.500l-7 7'),
  ],
  silent: () => [
    svg('circle', { cx: 12, cy: 12, r: 9.5, class: 'mark-hollow' }),
    svg('path', { d: 'M7.500 12h9', class: 'mark-line' }),
  ],
  waiting: () => [
    svg('circle', { cx: 12, cy: 12, r: 9.5, class: 'mark-hollow mark-dots' }),
    svg('path', { d: 'M8 12h.1M12 12h.1M16 12h.1', class: 'mark-line' }),
  ],
};

function ink(path: string): SVGElement {
  return svg('path', { d: path, class: 'mark-ink' });
}

/** Decorative: the word always stands beside it or in the label of its parent. */
export function stateIcon(state: StationState): SVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 24 24', class: `mark mark-${state}`, 'aria-hidden': 'true', focusable: 'false' },
    SHAPE[state](),
  );
}

export function stateBadge(state: StationState, text: string = STATE_LABEL[state]): HTMLElement {
  return h('span', { class: `badge badge-${state}` }, stateIcon(state), h('span', {}, text));
}

export function flagState(flag: 1 | 2 | 3 | 4 | 9): StationState {
  if (flag === 4) return 'fail';
  if (flag === 3) return 'suspect';
  return flag === 1 ? 'good' : flag === 2 ? 'waiting' : 'silent';
}

const FLAG_TEXT = { 1: 'good', 2: 'not judged', 3: 'suspect', 4: 'fail', 9: 'missing' } as const;

export function flagText(flag: 1 | 2 | 3 | 4 | 9): string {
  return FLAG_TEXT[flag];
}
