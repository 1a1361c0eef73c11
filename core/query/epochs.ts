/** The parameters of `GET /v1/epochs`: how many, and before which. */
import { err, ok, type Result } from '../result.ts';
import { openCursor, sealCursor } from './cursor.ts';
import type { QueryRefusal } from './errors.ts';
import { collectParameters, parseWhole, type Parameters } from './parameters.ts';

/** A quarter of a year on the public network. */
const USUAL_EPOCHS = 92;
const MAX_EPOCHS = 400;
const CANONICAL = 'epochs';

export type EpochsRequest = { readonly limit: number; readonly before: number | null };

export function parseEpochsRequest(parameters: Parameters, cursorKey: string): Result<EpochsRequest, QueryRefusal> {
  const given = collectParameters(parameters, { lists: [], singles: ['limit', 'cursor'] });
  if (!given.ok) return given;
  const limit = parseWhole('limit', given.value.get('limit')?.[0] ?? String(USUAL_EPOCHS), {
    least: 1,
    most: MAX_EPOCHS,
  });
  if (!limit.ok) return limit;
  const cursor = given.value.get('cursor')?.[0];
  if (cursor === undefined) return ok({ limit: limit.value, before: null });
  const opened = openCursor(cursorKey, CANONICAL, cursor);
  if (!opened.ok) return opened;
  const [before] = opened.value;
  return typeof before === 'number' ? ok({ limit: limit.value, before }) : err({ reason: 'bad-cursor' });
}

/** The same address for the epochs before `last`. */
export function epochsAfter(url: string, cursorKey: string, last: number): string {
  const [address = '', query = ''] = url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', sealCursor(cursorKey, CANONICAL, [last]));
  return `${address}?${parameters.toString()}`;
}
