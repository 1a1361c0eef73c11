/**
 * Entry bodies as the state keeps them: the same keys in the same order, wherever the entry came from. Bytes read back
 * have CBOR's key order, a caller's object has its own, and the state hash covers the order.
 */
import type { CharterBody, MembershipBody } from './entry.ts';

export function charterFacts(charter: CharterBody): CharterBody {
  const { rules, ruleSetHash, cell, regionName, boundary } = charter;
  return {
    kind: 'rule-set',
    rules,
    ruleSetHash,
    cell,
    regionName,
    boundary: boundary.map(([longitude, latitude]) => [longitude, latitude] as const),
  };
}

export function membershipFacts(membership: MembershipBody): MembershipBody {
  const {
    version,
    device,
    status,
    owner,
    displayName,
    place,
    latitudeE5,
    longitudeE5,
    elevationM,
    tier,
    density,
    claimedMs,
  } = membership;
  return {
    kind: 'membership',
    version,
    device,
    status,
    owner,
    displayName,
    place,
    latitudeE5,
    longitudeE5,
    elevationM,
    tier,
    density,
    claimedMs,
  };
}
