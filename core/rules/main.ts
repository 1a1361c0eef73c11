/** The rule set of the public network. */
import { T } from '../qc/thresholds.ts';
import { TRAIT_CONSTANTS } from '../qc/traits.ts';
import type { QuantityCode } from '../reading/quantity.ts';
import type { QualityRules, RuleSet } from './rule-set.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

const NO_STEP = { stepBase: null, stepPerHour: 0 } as const;
const NO_FLAT = { flatHours: null, flatFloor: null } as const;

function particles(): QualityRules {
  // Sensor limits of AirGradient firmware; 500 and the step are our judgement (no WMO table for air quality).
  return {
    failMin: 0,
    failMax: 1000,
    suspectMin: 0,
    suspectMax: 500,
    stepBase: 250,
    stepPerHour: 250,
    flatHours: 10,
    flatFloor: 3,
  };
}

function gas(failMax: number, suspectMax: number, step: number, flatHours: number, flatFloor: number): QualityRules {
  return { failMin: 0, failMax, suspectMin: 0, suspectMax, stepBase: step, stepPerHour: step, flatHours, flatFloor };
}

/**
 * Ranges: WMO / Zahumensky 2004; steps between hourly means from MADIS level 1 (temperature 35 F/h, humidity 50 %/h,
 * pressure 10 hPa/h); flat limits after the reference detectors.
 */
const QUALITY: Readonly<Record<QuantityCode, QualityRules>> = {
  pm1: particles(),
  pm25: particles(),
  pm10: { ...particles(), failMax: 2000, suspectMax: 1000, stepBase: 500, stepPerHour: 500, flatFloor: 6 },
  temp: {
    failMin: -80,
    failMax: 60,
    suspectMin: -60,
    suspectMax: 55,
    stepBase: 3,
    stepPerHour: 9,
    flatHours: 6,
    flatFloor: null,
  },
  rh: {
    failMin: 0,
    failMax: 105,
    suspectMin: 1,
    suspectMax: 100,
    stepBase: 15,
    stepPerHour: 35,
    flatHours: 8,
    flatFloor: null,
  },
  // Stations that report whole hectopascals stand still for 12 h in calm weather (Madrid 2020).
  press: {
    failMin: 300,
    failMax: 1100,
    suspectMin: 500,
    suspectMax: 1090,
    stepBase: 2,
    stepPerHour: 8,
    flatHours: 16,
    flatFloor: null,
  },
  co2: { failMin: 300, failMax: 10_000, suspectMin: 350, suspectMax: 1500, ...NO_STEP, flatHours: 10, flatFloor: null },
  o3: gas(600, 200, 60, 10, 3),
  no2: gas(2000, 400, 120, 10, 3),
  so2: gas(1000, 200, 100, 14, 5),
  co: gas(50, 15, 6, 14, 0.5),
  wind_speed: {
    failMin: 0,
    failMax: 75,
    suspectMin: 0,
    suspectMax: 50,
    stepBase: 10,
    stepPerHour: 10,
    flatHours: 8,
    flatFloor: 0.3,
  },
  wind_dir: { failMin: 0, failMax: 360, suspectMin: 0, suspectMax: 360, ...NO_STEP, flatHours: 10, flatFloor: null },
  rain_rate: { failMin: 0, failMax: 2400, suspectMin: 0, suspectMax: 300, ...NO_STEP, ...NO_FLAT },
  rain: { failMin: 0, failMax: 1800, suspectMin: 0, suspectMax: 400, ...NO_STEP, ...NO_FLAT },
  noise_laeq: { failMin: 20, failMax: 130, suspectMin: 25, suspectMax: 115, ...NO_STEP, flatHours: 6, flatFloor: null },
  lux: { failMin: 0, failMax: 400_000, suspectMin: 0, suspectMax: 200_000, ...NO_STEP, ...NO_FLAT },
  irradiance: { failMin: 0, failMax: 1600, suspectMin: 0, suspectMax: 1400, ...NO_STEP, ...NO_FLAT },
  uv: { failMin: 0, failMax: 25, suspectMin: 0, suspectMax: 18, ...NO_STEP, ...NO_FLAT },
  // Highest measured: 35 Cel (Dhahran 2003). A dry line takes 20 K away within an hour; fog keeps it still for a night.
  dew_point: {
    failMin: -80,
    failMax: 35,
    suspectMin: -60,
    suspectMax: 32,
    stepBase: 4,
    stepPerHour: 16,
    flatHours: 8,
    flatFloor: null,
  },
  // Highest measured: 113 m/s (Barrow Island 1996). A squall's first gust is as much above the one before.
  wind_gust: {
    failMin: 0,
    failMax: 115,
    suspectMin: 0,
    suspectMax: 75,
    stepBase: 20,
    stepPerHour: 20,
    flatHours: 8,
    flatFloor: 0.3,
  },
};

export const MAIN_RULES: RuleSet = {
  name: 'main',
  version: 1,
  time: {
    hourSeconds: HOUR,
    epochSeconds: DAY,
    graceSeconds: 300,
    // With the grace, a verdict comes within ten minutes of the hour's end.
    blockWaitSeconds: 300,
    maxAheadSeconds: 300,
    maxAgeSeconds: 30 * DAY,
    backfillSeconds: 7 * DAY,
    backfillWaitSeconds: 2 * HOUR,
    duplicateWindowSeconds: 2 * HOUR,
    receiptSeconds: 72 * HOUR,
    publicationDelaySeconds: HOUR,
    logKeepSeconds: 73 * HOUR,
    epochWaitSeconds: 6 * HOUR,
  },
  quality: QUALITY,
  hourly: T,
  traits: TRAIT_CONSTANTS,
  consistency: {
    // Separate instruments of one station (Beijing 2013) differ by a factor of two in 1.4 % of hours, by three in 0.7 %.
    fractions: { suspectFactor: 3, suspectSlack: 50, failFactor: 8, failSlack: 150 },
    // Accuracies added up (core/qc/consistency.ts); no two instruments of one station are 5 K apart.
    dewPoint: { suspectFactor: 1, suspectSlack: 1.5, failFactor: 1, failSlack: 5 },
    // Two knots of rounding and a tenth. Names that are exchanged show in fresh wind: at gusts of 1.4 x from 3.4 m/s on.
    gust: { suspectFactor: 1.1, suspectSlack: 1, failFactor: 2, failSlack: 5 },
  },
  score: {
    availabilityBps: 8500,
    suspectBps: 5000,
    memoryDays: 3,
    unverifiedBps: 8000,
    confirmedShareBps: 5000,
    eligibleBps: 6000,
    ineligibleBps: 5000,
    weeklyDays: 4,
    maintenanceHours: 24,
    maintenanceDays: 30,
    maintenanceAheadDays: 30,
    // Stations this far apart share hardly any of a heavy shower or a street's particles; half of it stops the pay (docs/quality.md).
    relocationMeters: 20_000,
  },
  reward: {
    capBaseUnits: '100000000000000000000000000',
    firstYearBps: 1500,
    yearlyPercent: 85,
    epochsPerYear: 365,
    baseBps: 4000,
    rampFromBps: 6000,
    tierBps: [2500, 6000, 10_000],
    slotBps: [10_000, 7500, 5000, 2500],
    minimumWeights: 500,
    batchRecipients: 250,
    reserveEpochs: 30,
    saleDevicesBps: 8000,
    saleOperatorBps: 500,
    saleBurnBps: 1000,
  },
};
