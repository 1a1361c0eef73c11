/**
 * What one series shows to its neighbors in one hour: all that a verdict on another device may read, whether the two
 * stand in one region or in two. Rounded alike for both, so that a border changes no verdict.
 */
import { round5 } from './model.ts';
import { toleranceOf, type Sight } from './view.ts';

export type Outlook = {
  /** Mean of the hour on the scale of its quantity. */
  readonly scaled: number;
  /** Without its usual distance from its own neighbors. */
  readonly relative: number;
  /** Distance from its mean of the last day. */
  readonly swing: number;
  /** Brought to sea level where height matters. */
  readonly leveled: number;
  /** Usual squares of its change and swing. */
  readonly changeSquare: number;
  readonly swingSquare: number;
  /** How restless it is lately, 0 to 1. */
  readonly restless: number;
  /** Hours for which it has kept one value. */
  readonly stillHours: number;
  /** Values this close count as the same. */
  readonly tolerance: number;
  /** How likely it was where it was in its last hour, given its own place; null: not known. */
  readonly home: number | null;
  /** It was not flagged in its last hour. */
  readonly isTrusted: boolean;
  readonly elevationM: number | null;
};

/**
 * As it stands in a block: quantity, 1 if trusted, then the numbers in units of 1e-5, but for the hours. The height stands with the device,
 * once for all of its series.
 */
export type PackedOutlook = readonly [
  quantity: number,
  trusted: number,
  scaled: number,
  relative: number,
  swing: number,
  leveled: number,
  changeSquare: number,
  swingSquare: number,
  restless: number,
  stillHours: number,
  tolerance: number,
  home: number | null,
];

const UNITS = 100_000;

export function outlookOf(sight: Sight, elevationM: number | null): Outlook {
  const { model } = sight;
  return {
    scaled: round5(sight.scaled),
    relative: round5(sight.relative),
    swing: round5(sight.swing),
    leveled: round5(sight.leveled),
    changeSquare: round5(model.change),
    swingSquare: round5(model.swing),
    restless: round5(model.restlessness),
    stillHours: model.run,
    tolerance: round5(toleranceOf(sight)),
    home: model.home,
    isTrusted: model.flagged === 0,
    elevationM,
  };
}

export function packOutlook(quantity: number, outlook: Outlook): PackedOutlook {
  const { scaled, relative, swing, leveled, changeSquare, swingSquare, restless, stillHours, tolerance, home } =
    outlook;
  return [
    quantity,
    outlook.isTrusted ? 1 : 0,
    units(scaled),
    units(relative),
    units(swing),
    units(leveled),
    units(changeSquare),
    units(swingSquare),
    units(restless),
    stillHours,
    units(tolerance),
    home === null ? null : units(home),
  ];
}

export function unpackOutlook(packed: PackedOutlook, elevationM: number | null): Outlook {
  const [
    ,
    trusted,
    scaled,
    relative,
    swing,
    leveled,
    changeSquare,
    swingSquare,
    restless,
    stillHours,
    tolerance,
    home,
  ] = packed;
  return {
    scaled: scaled / UNITS,
    relative: relative / UNITS,
    swing: swing / UNITS,
    leveled: leveled / UNITS,
    changeSquare: changeSquare / UNITS,
    swingSquare: swingSquare / UNITS,
    restless: restless / UNITS,
    stillHours,
    tolerance: tolerance / UNITS,
    home: home === null ? null : home / UNITS,
    isTrusted: trusted === 1,
    elevationM,
  };
}

function units(value: number): number {
  return Math.round(value * UNITS);
}
