/** Whether place and region of an act are those of the exact position behind its commitment. */
import { commitPosition, type ExactPosition } from '../../core/lifecycle/position.ts';
import type { ClaimAct, RelocateAct } from '../../core/lifecycle/act.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { publicPlaceOf, type PublicPlace } from './place.ts';
import type { LifecycleRefusal } from './problems.ts';

export function checkPlace(
  act: ClaimAct | RelocateAct,
  position: ExactPosition,
): Result<PublicPlace, LifecycleRefusal> {
  const commitment = commitPosition(position);
  if (commitment !== act.position) return err({ reason: 'wrong-position', expected: commitment });
  const found = publicPlaceOf({ latitude: position.latitudeE7 / 1e7, longitude: position.longitudeE7 / 1e7 });
  if (found === null) throw new Error('a parsed position is one on earth');
  if (found.place !== act.place) return err({ reason: 'wrong-place', field: 'place', expected: found.place });
  if (found.cell !== act.region) return err({ reason: 'wrong-place', field: 'region', expected: found.cell });
  return ok(found);
}
