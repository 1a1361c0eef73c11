/** Refused exports, downloads and streams in words. Nothing was charged for any of them. */
import type { ExportRefusal } from '../../core/export/errors.ts';
import { rfc3339 } from '../../core/time.ts';
import type { ProblemParts } from './problem-parts.ts';

const NEW_LINK = 'Ask the status address of the export, with its token, for new links.';

export function describeExportRefusal(refusal: ExportRefusal): ProblemParts {
  const unprocessable = (title: string, detail: string, remedy: string, members = {}): ProblemParts => ({
    status: 422,
    code: refusal.reason,
    title,
    detail,
    remedy,
    members,
  });
  switch (refusal.reason) {
    case 'not-closed-yet': {
      const { cell, closedUntilMs } = refusal;
      const closedUntil = closedUntilMs === null ? null : rfc3339(closedUntilMs);
      return unprocessable(
        'An export covers closed days only',
        closedUntil === null
          ? `Region ${cell} has not closed a day yet.`
          : `The days of region ${cell} are closed until ${closedUntil}.`,
        closedUntil === null
          ? 'Take its hours from /v1/observations, or come back when a day has closed.'
          : `Give an until no later than ${closedUntil}; younger hours are sold at /v1/observations.`,
        { parameter: 'until', region: cell, closedUntil },
      );
    }
    case 'export-too-large': {
      const { deviceQuantityHours, limit } = refusal;
      return unprocessable(
        'The export asks for too much at once',
        `It covers ${deviceQuantityHours} device-quantity-hours; ${limit} are the limit of one export.`,
        'Split it by time, devices or quantities.',
        { deviceQuantityHours, limit },
      );
    }
    case 'too-many-devices':
      return unprocessable(
        'Too many devices at once',
        `${refusal.limit} devices are the limit.`,
        'Ask for smaller areas, one after the other.',
        { limit: refusal.limit },
      );
    case 'too-many-files':
      return unprocessable(
        'The export would have too many files',
        `It would have ${refusal.files} files, one for each region and date; ${refusal.limit} are the limit.`,
        'Ask for fewer regions or days at once, or for format=csv or format=ndjson, which are one file.',
        { files: refusal.files, limit: refusal.limit },
      );
    case 'nothing-in-area':
      return {
        status: 409,
        code: refusal.reason,
        title: 'The area has no device whose data is sold',
        detail: 'No device stands in this area, or none that has a closed day and is not quarantined.',
        remedy: 'Choose another area; /v1/regions shows where devices are.',
      };
    case 'bad-body':
      return {
        status: 400,
        code: refusal.reason,
        title: 'The body cannot be read',
        detail: refusal.detail,
        remedy: 'Send a JSON object with the same names as the parameters, or the parameters in the address.',
      };
    case 'bad-token':
      return {
        status: 403,
        code: refusal.reason,
        title: 'The token does not fit',
        detail: 'The token, link or pass is not one that we gave out for this.',
        remedy:
          'Use the address from the sold answer as it is; the same payment header brings that answer again for a day.',
      };
    case 'link-expired':
      return {
        status: 403,
        code: refusal.reason,
        title: 'This link is too old',
        detail: 'Links are good for a day.',
        remedy: NEW_LINK,
      };
    case 'export-gone':
      return {
        status: 410,
        code: refusal.reason,
        title: 'The export is not kept any more',
        detail: 'Files are removed seven days after they are complete.',
        remedy: 'Buy the export again.',
      };
    case 'no-such-file':
      return {
        status: 404,
        code: refusal.reason,
        title: 'The export has no such file',
        detail: `There is no ${refusal.path.slice(0, 120)} in this export, or not yet.`,
        remedy: 'The manifest names all files; it is there once the status is done.',
      };
    case 'range-not-satisfiable':
      return {
        status: 416,
        code: refusal.reason,
        title: 'The file is shorter than that',
        detail: `It has ${refusal.bytes} bytes.`,
        remedy: 'Ask for a range that begins within the file.',
        headers: { 'content-range': `bytes */${refusal.bytes}`, 'accept-ranges': 'bytes' },
      };
    case 'pass-over':
      return {
        status: 410,
        code: refusal.reason,
        title: 'The pass is over',
        detail: 'The time that was bought has ended.',
        remedy: 'Buy another one with POST /v1/stream; what was missed is sold at /v1/observations.',
      };
    case 'pass-in-use':
      return {
        status: 429,
        code: refusal.reason,
        title: 'The pass is in use',
        detail: 'A pass may be followed in four places at once.',
        remedy: 'End another connection, or try again after the seconds in Retry-After.',
        headers: { 'retry-after': '30' },
      };
    case 'too-many-regions':
      return unprocessable(
        'A stream covers few regions',
        `One stream takes devices of ${refusal.limit} regions.`,
        'Buy a stream for each of them.',
        { limit: refusal.limit },
      );
    case 'nothing-live':
      return {
        status: 404,
        code: refusal.reason,
        title: 'There is nothing to stream',
        detail: 'None of these devices measured any of this with a good flag in the last two hours.',
        remedy: 'See /v1/regions/{cell} for what each station measures and since when.',
      };
    case 'bad-position':
      return {
        status: 400,
        code: refusal.reason,
        title: 'Last-Event-ID is not of this stream',
        detail: `"${refusal.given.slice(0, 80)}" is no id that this stream gave.`,
        remedy: 'Connect without it, or with the id of an event that this stream sent.',
        members: { parameter: 'Last-Event-ID' },
      };
  }
}
