/** The exact position with its salt as a file for the owner. The network keeps the digest only. */
import { h } from '../dom/element.ts';
import type { ExactPosition } from './place.ts';

export type Placed = {
  readonly device: string;
  /** The digest that was signed. */
  readonly commitment: string;
  readonly position: ExactPosition;
};

export function keepsake(placed: Placed): HTMLElement {
  const json = `${JSON.stringify({ kind: 'isobar-position', ...placed }, null, 2)}\n`;
  const href = URL.createObjectURL(new Blob([json], { type: 'application/json' }));
  const file = `isobar-position-${placed.device.slice(-8)}.json`;
  return h(
    'div',
    { class: 'keepsake' },
    h('a', { href, download: file, class: 'button button-quiet' }, 'Save the exact place'),
    h(
      'p',
      { class: 'muted' },
      'The network does not keep it. With this file you can show later which place you signed; it is private.',
    ),
  );
}
