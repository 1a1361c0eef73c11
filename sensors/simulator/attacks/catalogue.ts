/** All attacks by name. The benchmark and `npm run device -- simulate --attack NAME` run the same ones. */
import type { Attack } from './attack.ts';
import { bias } from './bias.ts';
import { clockSkew } from './clock-skew.ts';
import { constant } from './constant.ts';
import { copy } from './copy.ts';
import { drift } from './drift.ts';
import { fabricated } from './fabricated.ts';
import { fridge } from './fridge.ts';
import { frozen } from './frozen.ts';
import { heatGun } from './heat-gun.ts';
import { indoor } from './indoor.ts';
import { jitter } from './jitter.ts';
import { abroad, location } from './location.ts';
import { noise } from './noise.ts';
import { replay } from './replay.ts';
import { smoke } from './smoke.ts';
import { timeShift } from './time-shift.ts';
import { unit } from './unit.ts';

export type AttackName =
  | 'replay'
  | 'copy'
  | 'constant'
  | 'jitter'
  | 'frozen'
  | 'fabricated'
  | 'time-shift'
  | 'clock-skew'
  | 'indoor'
  | 'fridge'
  | 'smoke'
  | 'heat-gun'
  | 'unit'
  | 'bias'
  | 'drift'
  | 'noise'
  | 'location'
  | 'abroad';

export const ATTACKS: Readonly<Record<AttackName, Attack>> = {
  replay,
  copy,
  constant,
  jitter,
  frozen,
  fabricated,
  'time-shift': timeShift,
  'clock-skew': clockSkew,
  indoor,
  fridge,
  smoke,
  'heat-gun': heatGun,
  unit,
  bias,
  drift,
  noise,
  location,
  abroad,
};

export const ATTACK_NAMES: readonly AttackName[] = Object.keys(ATTACKS).filter(isAttackName);

export function isAttackName(name: string): name is AttackName {
  return Object.hasOwn(ATTACKS, name);
}
