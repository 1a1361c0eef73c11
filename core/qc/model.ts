/**
 * What the network has learned of one series: how it stands to its neighbors, how far it strays, how much it moves. Plain
 * numbers rounded to 1e-5, so that the state stays small; all memories are in hours of the rule set.
 */
export type Model = {
  /** Hours with enough neighbors. */
  hours: number;
  /** Usual distance from the neighbors' median by quarter of the day, and the hours behind each. */
  offset: number[];
  offsetHours: number[];
  /** The same over about a month (copy.ts). */
  place: number[];
  placeSpread: number;
  /** Usual size of what is left over. */
  spread: number;
  /** Mean of the last day or so of what is left over, and the usual square of that mean. */
  bias: number;
  biasSquare: number;
  /** Last hour with a cell, and its value on the scale. */
  at: number;
  value: number;
  /** The same in steps. */
  steps: number;
  /** Mean of about a day; squares of the distance from it and of the change from hour to hour. */
  mean: number;
  swing: number;
  change: number;
  /** What was left over an hour ago; usual square of its change from hour to hour; how far changes lately exceed that. */
  residual: number;
  usualStep: number;
  steppedHours: number;
  restlessness: number;
  /** How likely it was where it was, given its own place and scatter; null: it has not enough of either (copy.ts). */
  home: number | null;
  /** Usual logarithm of own change and swing relative to the neighbors', and its variance. */
  changeRatio: number;
  changeRatioVar: number;
  swingRatio: number;
  swingRatioVar: number;
  /** Hours with the same value until now, and the longest such run that was taken for natural. */
  run: number;
  longestRun: number;
  /** Hours of exactly nothing until now, and the longest such run that was taken for natural. */
  zeroRun: number;
  longestZero: number;
  /** Smallest change seen: the resolution of the sensor, on steps. */
  grain: number;
  /** Products of own and neighbors' distance from their means, by lag. */
  own: number;
  others: number;
  cross: number[];
  /** The neighbors' last distances from their means, newest first. */
  lagged: number[];
  /** Usual correlation (Fisher's z) and its variance; hours in a row below it, and with a better lag. */
  agreement: number;
  agreementVar: number;
  apart: number;
  shifted: number;
  /** The neighbors' median an hour ago. */
  neighbors: number;
  /** Size of what is left over in spreads, squared: mean of the last day, its usual mean and variance. */
  stray: number;
  usualStray: number;
  strayVar: number;
  /** Hour in which it last left its own level, where no neighbors could tell. */
  jumped: number;
  /** Hours in a row for which it was no measure for its neighbors: flagged, or one with another series. */
  flagged: number;
  /** Four weeks of hourly values (history.ts). */
  history: string;
};

export function newModel(): Model {
  return {
    hours: 0,
    offset: [0, 0, 0, 0],
    offsetHours: [0, 0, 0, 0],
    place: [0, 0, 0, 0],
    placeSpread: 0,
    spread: 0,
    bias: 0,
    biasSquare: 0,
    at: -1,
    value: 0,
    steps: 0,
    mean: 0,
    swing: 0,
    change: 0,
    residual: 0,
    usualStep: 0,
    steppedHours: 0,
    restlessness: 0,
    home: null,
    changeRatio: 0,
    changeRatioVar: 0,
    swingRatio: 0,
    swingRatioVar: 0,
    run: 0,
    longestRun: 0,
    zeroRun: 0,
    longestZero: 0,
    grain: 0,
    own: 0,
    others: 0,
    cross: [0, 0, 0, 0, 0, 0],
    lagged: [],
    agreement: 0,
    agreementVar: 0,
    apart: 0,
    shifted: 0,
    neighbors: 0,
    stray: 0,
    usualStray: 0,
    strayVar: 0,
    jumped: -1,
    flagged: 0,
    history: '',
  };
}

export function round5(value: number): number {
  return Math.round(value * 100_000) / 100_000;
}

export function toward(from: number, to: number, rate: number): number {
  return round5(from + rate * (to - from));
}
