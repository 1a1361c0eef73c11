/** What an audit ends with: the first place where what was published is not what follows from the public inputs. */
import { err, type Err } from '../result.ts';

/** As much of it as applies. */
export type Place = {
  readonly epoch?: number;
  readonly region?: string;
  /** File of the region's evidence. */
  readonly segment?: string;
  /** Entry of the region's log. */
  readonly seq?: number;
  readonly device?: string;
  readonly owner?: string;
  readonly sale?: string;
  readonly transaction?: string;
  readonly field?: string;
};

export type Difference = {
  readonly reason: DifferenceReason;
  readonly at: Place;
  readonly published: string;
  readonly recomputed: string;
};

/** A sentence each; `docs` and people search for them, programs for the reason. */
const SENTENCES = {
  network: 'The network says of itself what this code or the chain does not',
  'report-hash': 'The report is not the one that its hash names',
  report: 'The report says what does not follow from the signed readings',
  page: "The epoch's page says what does not follow from the signed readings",
  'missing-entries': 'Entries of the log are missing or out of order',
  segment: 'A segment of the evidence is not what it is listed as',
  entry: 'An entry of the log cannot be read',
  charter: 'The log does not begin with the rules of this region',
  'time-order': 'The log runs backwards in time',
  'early-close': 'An hour was closed before it was due',
  'unknown-device': 'An entry is of no device of the region',
  repeated: 'A batch was counted that is a repeat, too old, or of a retired device',
  evidence: 'The evidence of a batch cannot be read or contradicts itself',
  signature: 'A batch is not signed by its device',
  digest: 'The logged digest is not that of the signed body',
  nonce: 'The logged nonce is not the signed one',
  'ingest-path': 'A batch was signed for another address',
  'upload-time': 'A batch was logged at a time at which its signature was not valid',
  readings: 'The logged readings are not the signed ones',
  act: 'An entry does not follow from the act that it names',
  'act-signature': 'An act is not signed by those who have to sign it',
  block: 'A region judged with what its neighbour did not say',
  'hand-over': 'A device brought into its region what its former region did not say of it',
  usage: 'The usage list is not the one of its epoch',
  'sale-repeated': 'A sale is counted that was counted before',
  'sale-late': 'A sale is counted in an epoch that ended before it',
  'sale-unpaid': 'A sale is counted that the chain does not show as paid',
  'sale-owner': "A sale's share goes to somebody whom the device never belonged to",
  auction: "The sales' part for burning goes elsewhere than to the burn auction",
  credits: 'More credits were spent than paid for',
  commit: 'The chain has committed something else',
  mint: 'The chain has paid something else',
} as const;

export type DifferenceReason = keyof typeof SENTENCES;

export function sentenceOf(reason: DifferenceReason): string {
  return SENTENCES[reason];
}

export function differs(
  reason: DifferenceReason,
  at: Place,
  published: string | number | bigint,
  recomputed: string | number | bigint,
): Err<Difference> {
  return err({ reason, at, published: String(published), recomputed: String(recomputed) });
}

/** From the outside in: `region 831..., entry 17, device did:key:..., temp at ...`. */
export function describePlace(at: Place): string {
  const parts = [
    at.epoch !== undefined && `epoch ${at.epoch}`,
    at.region && `region ${at.region}`,
    at.segment && `segment ${at.segment}`,
    at.seq !== undefined && `entry ${at.seq}`,
    at.device && `device ${at.device}`,
    at.owner && `owner ${at.owner}`,
    at.sale && `sale ${at.sale}`,
    at.transaction && `transaction ${at.transaction}`,
    at.field,
  ];
  return parts.filter((part) => typeof part === 'string' && part !== '').join(', ');
}
