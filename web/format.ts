/** Values to text, in the reader's language and time zone; UTC in the title. */
import { h } from './dom/element.ts';

const COUNT = new Intl.NumberFormat(undefined);
const BRIEF = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });

/** Symbol and decimals of RewardToken. */
export const TOKEN = 'ISO';
const TOKEN_DECIMALS = 18;

const UNIT_TEXT: Readonly<Record<string, string>> = {
  'ug/m3': 'µg/m³',
  Cel: '°C',
  '%RH': '%',
  'W/m2': 'W/m²',
  deg: '°',
  '1': '',
};

export function countText(count: number): string {
  return COUNT.format(count);
}

/** Four digits at most, for tiles: 12.3M. */
export function briefText(count: number): string {
  return count < 100_000 ? COUNT.format(count) : BRIEF.format(count);
}

export function unitText(unit: string): string {
  return UNIT_TEXT[unit] ?? unit;
}

/** As many decimals as the quantity's resolution has. */
export function valueText(value: number, resolution: number): string {
  const decimals = resolution >= 1 ? 0 : Math.min(6, Math.round(-Math.log10(resolution)));
  return value.toLocaleString(undefined, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** Exact base units to a number people read; never through a float, never rounded up. */
export function tokenText(baseUnits: string, decimals = TOKEN_DECIMALS): string {
  if (!/^\d+$/.test(baseUnits)) return baseUnits;
  const scale = 10n ** BigInt(decimals);
  const amount = BigInt(baseUnits);
  const whole = amount / scale;
  const shown = whole >= 1n ? 2 : 6;
  const fraction = (amount % scale).toString().padStart(decimals, '0').slice(0, shown);
  const tiny = amount > 0n && whole === 0n && /^0*$/.test(fraction);
  if (tiny) return `< 0${decimalMark()}${'0'.repeat(shown - 1)}1`;
  const trimmed = whole >= 1n ? fraction : fraction.replace(/0+$/, '');
  return trimmed === '' ? COUNT.format(whole) : `${COUNT.format(whole)}${decimalMark()}${trimmed}`;
}

function decimalMark(): string {
  return COUNT.formatToParts(1.5).find((part) => part.type === 'decimal')?.value ?? '.';
}

/** Basis points as percent. */
export function percentText(bps: number): string {
  return `${(bps / 100).toLocaleString(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 })} %`;
}

export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60)
    return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** `0x12345678…9abc`, `z6Mkabcd…wxyz`: enough to tell two apart at a glance; the whole is in the title or beside. */
export function shortText(id: string): string {
  const bare = id.replace(/^did:key:/, '');
  return bare.length <= 16 ? bare : `${bare.slice(0, 8)}…${bare.slice(-4)}`;
}

export function utcText(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

/** Local time; the day only when it is not today. Seconds matter only where hours are seconds long. */
export function timeText(iso: string, hourSeconds: number, now = new Date()): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const sameDay = date.toDateString() === now.toDateString();
  return date.toLocaleString(undefined, {
    ...(sameDay ? {} : { day: 'numeric', month: 'short' }),
    hour: '2-digit',
    minute: '2-digit',
    ...(hourSeconds < 3600 ? { second: '2-digit' } : {}),
  });
}

export function timeElement(iso: string, hourSeconds: number): HTMLTimeElement {
  return h('time', { datetime: iso, title: utcText(iso) }, timeText(iso, hourSeconds));
}
