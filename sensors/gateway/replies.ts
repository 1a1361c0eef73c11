/** What a device is answered, in the words of its own protocol. */
import type { FormatName } from './formats/all.ts';
import type { BadReport } from './report.ts';

export type Refusal =
  | BadReport
  /** No device of the configuration; `id` as the device wrote it. */
  | { readonly reason: 'unknown-device'; readonly id: string }
  | { readonly reason: 'wrong-secret'; readonly id: string }
  | { readonly reason: 'too-often' }
  | { readonly reason: 'too-large'; readonly limitBytes: number }
  | { readonly reason: 'not-kept'; readonly detail: string };

export type Reply = { readonly status: number; readonly text: string };

/** AirGradient takes nothing but 200, airRohr 200 to 208; Ecowitt does not look. */
export function accepted(format: FormatName): Reply {
  return { status: 200, text: format === 'wunderground' ? 'success\n' : format === 'ecowitt' ? '' : 'OK\n' };
}

export function refused(format: FormatName, refusal: Refusal): Reply {
  switch (refusal.reason) {
    case 'unknown-device':
      // One answer for a wrong name and a wrong password, where there are passwords to be guessed.
      return format === 'airgradient' ? { status: 403, text: 'Forbidden: unknown device\n' } : unauthorized(format);
    case 'wrong-secret':
      return unauthorized(format);
    case 'no-identity':
      return format === 'wunderground'
        ? unauthorized(format)
        : { status: 400, text: `Bad Request: expected ${refusal.expected}\n` };
    case 'not-readable':
      return { status: 400, text: `Bad Request: ${refusal.detail}\n` };
    case 'too-often':
      return { status: 429, text: 'Too Many Requests\n' };
    case 'too-large':
      return { status: 413, text: `Content Too Large: at most ${refusal.limitBytes} bytes\n` };
    case 'not-kept':
      return { status: 503, text: 'Service Unavailable: the reading is not kept, send it again\n' };
  }
}

/** Programs look for Weather Underground's word at the beginning; the service itself now answers "unauthorized", too. */
function unauthorized(format: FormatName): Reply {
  return { status: 401, text: format === 'wunderground' ? 'INVALIDPASSWORDID|Unauthorized\n' : 'Unauthorized\n' };
}

/** One line for the owner. Never a password; of unknown devices the id, because that is what has to be configured. */
export function lineOf(format: FormatName, refusal: Refusal): string {
  switch (refusal.reason) {
    case 'unknown-device':
      return `${format}: a device that is not in the configuration: ${printable(refusal.id)}`;
    case 'wrong-secret':
      return `${format}: wrong password for ${printable(refusal.id)}`;
    case 'no-identity':
      return `${format}: no ${refusal.expected}`;
    case 'not-readable':
      return `${format}: ${refusal.detail}`;
    case 'too-often':
      return `${format}: requests come too often`;
    case 'too-large':
      return `${format}: a body over ${refusal.limitBytes} bytes`;
    case 'not-kept':
      return `${format}: not kept, ${refusal.detail}`;
  }
}

const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 64);
