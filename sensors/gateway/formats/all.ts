/** The formats by name, and which of them a request is. */
import type { Format } from '../report.ts';
import { airgradient, isAirgradientPath } from './airgradient.ts';
import { airrohr } from './airrohr.ts';
import { ecowitt } from './ecowitt.ts';
import { wunderground, WUNDERGROUND_PATH } from './wunderground.ts';

export const FORMAT_NAMES = ['airrohr', 'airgradient', 'ecowitt', 'wunderground'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

export const FORMATS: Readonly<Record<FormatName, Format>> = { airrohr, airgradient, ecowitt, wunderground };

/** Null: none of ours. Ecowitt and airRohr let their owner choose the path, so the type of the body tells them apart. */
export function formatOf(method: string, path: string, contentType: string): FormatName | null {
  if (path === WUNDERGROUND_PATH) return method === 'GET' ? 'wunderground' : null;
  if (method !== 'POST') return null;
  if (isAirgradientPath(path)) return 'airgradient';
  if (contentType.startsWith('application/x-www-form-urlencoded')) return 'ecowitt';
  return contentType.startsWith('application/json') ? 'airrohr' : null;
}
