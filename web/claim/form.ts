/** What the owner typed, checked field by field. Heights may be left out. */
export type Site = {
  readonly latitude: number;
  readonly longitude: number;
  readonly elevationM: number | null;
  readonly heightM: number | null;
  readonly name: string;
  readonly type: string;
};

export const FIELDS = ['lat', 'lon', 'elevation', 'height', 'name', 'type'] as const;
export type Field = (typeof FIELDS)[number];
export type Typed = Readonly<Record<Field, string>>;
/** A sentence for each field that cannot stay as it is. */
export type Errors = Partial<Readonly<Record<Field, string>>>;

type Range = { readonly from: number; readonly to: number };
const RANGES: Readonly<Partial<Record<Field, Range>>> = {
  lat: { from: -90, to: 90 },
  lon: { from: -180, to: 180 },
  elevation: { from: -500, to: 9000 },
  height: { from: 0, to: 1000 },
};

export function readForm(typed: Typed): { readonly site: Site | null; readonly errors: Errors } {
  const errors: Partial<Record<Field, string>> = {};
  const number = (field: Field, isNeeded: boolean): number | null => {
    const value = parseNumber(typed[field]);
    const { from, to } = RANGES[field] ?? { from: -Infinity, to: Infinity };
    if (value === null && isNeeded) errors[field] = 'Click on the map, or write a number of degrees.';
    if (value !== null && !(value >= from && value <= to)) errors[field] = `Write a number from ${from} to ${to}.`;
    return value;
  };
  const text = (field: Field, what: string): string => {
    const value = typed[field].trim();
    if (value === '') errors[field] = `Write ${what}.`;
    else if (/\p{Control}/u.test(value)) errors[field] = 'Take out the line break.';
    return value;
  };
  const latitude = number('lat', true) ?? 0;
  const longitude = number('lon', true) ?? 0;
  const site = {
    latitude,
    longitude,
    elevationM: number('elevation', false),
    heightM: number('height', false),
    name: text('name', 'a name by which people will know it'),
    type: text('type', 'the model of the station, or "own design"'),
  };
  return { site: Object.keys(errors).length === 0 ? site : null, errors };
}

/** A comma is a decimal point in half of the world. NaN for what is no number, null for nothing. */
export function parseNumber(text: string): number | null {
  const trimmed = text.trim().replace(',', '.').replace('−', '-');
  if (trimmed === '') return null;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(trimmed) ? Number(trimmed) : Number.NaN;
}
