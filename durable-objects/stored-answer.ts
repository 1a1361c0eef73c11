/** A sold answer as the columns of a row, for whatever object keeps answers. */
import type { ServedUnits } from '../core/reward/sale.ts';
import type { SoldAnswer } from './settler/api.ts';

/** Of the table that holds them. */
export const ANSWER_COLUMNS = `
    content_type TEXT NOT NULL,
    headers TEXT NOT NULL,
    body ANY NOT NULL,
    served TEXT NOT NULL`;
export const ANSWER_NAMES = 'content_type, headers, body, served';

export type AnswerRow = {
  readonly content_type: string;
  readonly headers: string;
  readonly body: string | ArrayBuffer;
  readonly served: string;
};

/** In the order of `ANSWER_NAMES`. */
export function answerValues({ contentType, headers, body, served }: SoldAnswer): readonly (string | ArrayBuffer)[] {
  // A view may be part of a larger buffer: the row gets its bytes alone.
  const bytes = typeof body === 'string' ? body : new Uint8Array(body).buffer;
  return [contentType, JSON.stringify(headers ?? {}), bytes, JSON.stringify(served)];
}

export function answerOfRow({ content_type: contentType, headers, body, served }: AnswerRow): SoldAnswer {
  return {
    contentType,
    headers: JSON.parse(headers) as Record<string, string>,
    body: typeof body === 'string' ? body : new Uint8Array(body),
    served: JSON.parse(served) as readonly ServedUnits[],
  };
}
