/**
 * The rule set of the network on one machine: an hour lasts 20 seconds and an epoch 8 minutes, so that a whole cycle is
 * seen in minutes. Only durations differ; every threshold counts in hours of the rule set, so a device that sends one
 * reading per rule-set hour is judged as an hourly device is on the public network.
 */
import { MAIN_RULES } from './main.ts';
import type { RuleSet } from './rule-set.ts';

const HOUR = 20;
const DAY = 24 * HOUR;

export const LOCAL_RULES: RuleSet = {
  ...MAIN_RULES,
  name: 'local',
  time: {
    hourSeconds: HOUR,
    epochSeconds: DAY,
    graceSeconds: 3,
    blockWaitSeconds: 5,
    maxAheadSeconds: 5,
    maxAgeSeconds: 30 * DAY,
    backfillSeconds: 7 * DAY,
    backfillWaitSeconds: 90,
    duplicateWindowSeconds: 2 * HOUR,
    receiptSeconds: 72 * 3600,
    publicationDelaySeconds: HOUR,
    logKeepSeconds: 73 * 3600,
    epochWaitSeconds: 6 * HOUR,
  },
};
