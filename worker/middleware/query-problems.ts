/** Refused queries in words. Nothing was charged for any of them. */
import type { QueryRefusal, SelectionRefusal } from '../../core/query/errors.ts';
import { linkHeader } from '../../core/query/table.ts';
import type { ProblemParts } from './problem-parts.ts';

/** Where larger things are ordered. */
const EXPORTS = '/v1/exports';

export function describeQueryRefusal(refusal: QueryRefusal | SelectionRefusal): ProblemParts {
  const bad = (parameter: string, detail: string, remedy: string): ProblemParts => ({
    status: 400,
    code: refusal.reason,
    title: 'A query parameter is wrong',
    detail,
    remedy,
    members: { parameter },
  });
  switch (refusal.reason) {
    case 'unknown-parameter':
      return bad(
        refusal.parameter,
        `There is no parameter "${refusal.parameter}".`,
        `Use only ${refusal.known.join(', ')}.`,
      );
    case 'missing-parameter':
      return bad(refusal.parameter, `The parameter "${refusal.parameter}" is missing.`, `Give ${refusal.expected}.`);
    case 'repeated-parameter':
      return bad(refusal.parameter, `The parameter "${refusal.parameter}" is given twice.`, 'Give it once.');
    case 'bad-parameter':
      return bad(
        refusal.parameter,
        `"${refusal.given}" is not what "${refusal.parameter}" takes.`,
        `Give ${refusal.expected}.`,
      );
    case 'one-of':
      return bad(
        refusal.parameters.join(' or '),
        `Exactly one of ${refusal.parameters.join(', ')} is needed.`,
        'Name devices, cells or a box.',
      );
    case 'too-many-values':
      return bad(
        refusal.parameter,
        `"${refusal.parameter}" has ${refusal.count} values; ${refusal.limit} are allowed.`,
        'Split the query.',
      );
    case 'bad-combination':
      return bad(refusal.parameter, refusal.detail, 'Leave one of the two out.');
    case 'bad-cursor':
      return bad(
        'cursor',
        'The cursor is none of ours, or it is of another query.',
        'Follow the address of rel=next unchanged, or begin again without `cursor`.',
      );
    case 'not-acceptable':
      return {
        status: 406,
        code: refusal.reason,
        title: 'No format suits the Accept header',
        detail: `Nothing of what "${refusal.accept.slice(0, 120)}" takes can be sent.`,
        remedy: `Accept one of ${refusal.mediaTypes.join(', ')}, or name it with format=.`,
        members: { parameter: 'Accept', mediaTypes: refusal.mediaTypes },
      };
    case 'unknown-device':
      return {
        status: 404,
        code: 'no-such-device',
        title: 'No such device',
        detail: `The network knows no device ${refusal.device}.`,
        remedy: 'Take the id from the stations of /v1/regions/{cell}.',
      };
    case 'unknown-region':
      return {
        status: 404,
        code: 'no-such-region',
        title: 'No such region',
        detail: `The network knows no region ${refusal.cell}.`,
        remedy: 'Take the cell from /v1/regions.',
      };
    case 'device-not-sold':
      return {
        status: 409,
        code: 'device-not-sold',
        title: 'This device is quarantined',
        detail: `Data of ${refusal.device} is not sold while its quarantine lasts.`,
        remedy: 'Leave it out of the query.',
      };
    case 'nothing-for-sale':
      return {
        status: 409,
        code: 'nothing-for-sale',
        title: 'There is no device whose data is sold',
        detail: `No device in ${refusal.area} is active.`,
        remedy: 'Choose another area; /v1/regions shows where devices are.',
      };
    case 'area-too-large':
      return {
        status: 422,
        code: refusal.reason,
        title: 'The area holds too many devices for one query',
        detail: `It holds more than ${refusal.limit} devices.`,
        remedy: `Ask for a smaller box or finer cells, or for an export at ${EXPORTS}.`,
        members: { limit: refusal.limit, export: EXPORTS },
      };
    case 'query-too-large':
      return {
        status: 422,
        code: refusal.reason,
        title: 'The query asks for too much at once',
        detail: `It covers ${refusal.size} ${refusal.unit} (${refusal.usdc} USDC); one answer holds ${refusal.limit}.`,
        remedy: `Add limit=${refusal.limit} to get it in pages, order it as one file at ${EXPORTS}, or ask for less.`,
        members: { size: refusal.size, unit: refusal.unit, limit: refusal.limit, export: EXPORTS },
      };
    case 'limit-too-small':
      return bad(
        'limit',
        'A page would not hold the first hour or day of a device.',
        `Give at least ${refusal.least}; an index takes the hours before the first one, too.`,
      );
    case 'nothing-measured':
      return {
        status: 404,
        code: refusal.reason,
        title: 'There is no such data',
        detail: 'These devices measured nothing of this in that time. Nothing was charged.',
        remedy:
          refusal.next === null
            ? 'See /v1/regions/{cell} for what each station measures and since when.'
            : 'Later pages may hold some: follow rel=next.',
        members: { next: refusal.next },
        ...(refusal.next === null ? {} : { headers: { link: linkHeader({ next: refusal.next }) } }),
      };
    case 'answer-too-large':
      return {
        status: 422,
        code: refusal.reason,
        title: 'The answer is larger than one can be',
        detail: `It has ${refusal.size} ${refusal.unit}; ${refusal.limit} are the limit. Nothing was charged.`,
        remedy:
          refusal.suggested === null
            ? 'Ask for fewer quantities or fields, for another format, or for resolution=hour.'
            : `Add limit=${refusal.suggested} to get it in pages, or order it as one file at ${EXPORTS}.`,
        members: { size: refusal.size, unit: refusal.unit, limit: refusal.limit, export: EXPORTS },
      };
  }
}
