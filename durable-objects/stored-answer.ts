/** A sold answer as the columns of a row, for whatever object keeps answers. */
import type { ServedUnits } from '../core/reward/sale.ts';
import type { Bought } from '../core/webhook/recall.ts';
import type { SoldAnswer } from './settler/api.ts';

/** Of the table that holds them. */
export const ANSWER_COLUMNS = `
    content_type TEXT NOT NULL,
    headers TEXT NOT NULL,
    body ANY NOT NULL,
    served TEXT NOT NULL,
    bought TEXT NOT NULL`;
export const ANSWER_NAMES = 'content_type, headers, body, served, bought';

export type AnswerRow = {
  readonly content_type: string;
  readonly headers: string;
  readonly body: string | ArrayBuffer;
  readonly served: string;
  readonly bought: string;
};

/** In the order of `ANSWER_NAMES`. */
export function answerValues({
  contentType,
  headers,
  body,
  served,
  bought,
}: SoldAnswer): readonly (string | ArrayBuffer)[] {
  // A view may be part of a larger buffer: the row gets its bytes alone.
  const bytes = typeof body === 'string' ? body : new Uint8Array(body).buffer;
  return [contentType, JSON.stringify(headers ?? {}), bytes, JSON.stringify(served), JSON.stringify(bought ?? null)];
}

export function answerOfRow({ content_type: contentType, headers, body, served, bought }: AnswerRow): SoldAnswer {
  const about = JSON.parse(bought) as Bought | null;
  return {
    contentType,
    headers: JSON.parse(headers) as Record<string, string>,
    body: typeof body === 'string' ? body : new Uint8Array(body),
    served: JSON.parse(served) as readonly ServedUnits[],
    ...(about && { bought: about }),
  };
}
