/** Where a device stands and what it is, as a person writes it: by flags or in a row of a list. */
import type { Flags } from '../command-line.ts';

export type Site = {
  readonly latitude: number;
  readonly longitude: number;
  /** Ground above sea level. */
  readonly elevationM: number | null;
  /** Of the sensor above ground. */
  readonly heightM: number | null;
  readonly name: string | null;
  /** Model of the station. */
  readonly type: string | null;
};

export const SITE_FLAGS = ['lat', 'lon', 'elevation', 'height', 'name', 'type'];

type Range = { readonly from: number; readonly to: number; readonly unit: string };
const LATITUDE: Range = { from: -90, to: 90, unit: 'degrees' };
const LONGITUDE: Range = { from: -180, to: 180, unit: 'degrees' };
/** From the shore of the Dead Sea to above the highest station. */
const ELEVATION: Range = { from: -500, to: 9000, unit: 'm' };
const HEIGHT: Range = { from: 0, to: 1000, unit: 'm' };
const MAX_TEXT = 60;

/** All that is wrong with it, not only the first. */
export function readSite(
  given: Flags,
): { readonly ok: true; readonly site: Site } | { readonly ok: false; readonly wrong: readonly string[] } {
  const wrong: string[] = [];
  const number = (name: string, { from, to, unit }: Range): number | null => {
    const text = given[name]?.trim() ?? '';
    if (text === '') return null;
    const value = Number(text);
    if (Number.isFinite(value) && value >= from && value <= to) return value;
    wrong.push(`${name} "${text}" is not a number of ${unit} from ${from} to ${to}`);
    return null;
  };
  const needed = (name: string, range: Range): number => {
    const before = wrong.length;
    const value = number(name, range);
    if (value === null && wrong.length === before) wrong.push(`${name} is missing`);
    return value ?? 0;
  };
  const text = (name: string): string | null => {
    const value = given[name]?.trim() ?? '';
    if (value.length > MAX_TEXT) wrong.push(`${name} is longer than ${MAX_TEXT} characters`);
    if (/\p{Control}/u.test(value)) wrong.push(`${name} has a line break or another control character`);
    return value === '' ? null : value;
  };
  const site = {
    latitude: needed('lat', LATITUDE),
    longitude: needed('lon', LONGITUDE),
    elevationM: number('elevation', ELEVATION),
    heightM: number('height', HEIGHT),
    name: text('name'),
    type: text('type'),
  };
  return wrong.length === 0 ? { ok: true, site } : { ok: false, wrong };
}
