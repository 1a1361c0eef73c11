/** Fork files, as a stranger hands them on to prove that two devices sign with one key. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { canonicalJson } from '../../../core/canonical-json.ts';
import { checkForkProof } from '../../../core/proof/fork.ts';
import { encodeForkProof, parseForkProof } from '../../../core/proof/fork-format.ts';
import type { Fault } from '../../../core/proof/fault.ts';
import { ok } from '../../../core/result.ts';
import { toDidKey } from '../../../core/signature/did-key.ts';
import { ALTERNATING, forkFile } from '../../support/fork-file.ts';
import { TOOLS } from '../../support/signed-batch.ts';
import type { TestDevice } from '../../support/signed-post.ts';
import { bytesOf, must, mustBeSame, parsedJson, type Target } from '../target.ts';

const MOST_BYTES = 128 * 1024;
const SECRET = new Uint8Array(32).fill(7);
const DEVICE: TestDevice = {
  did: toDidKey({ algorithm: 'ed25519', publicKey: ed25519.getPublicKey(SECRET) }),
  signer: { algorithm: 'ed25519', sign: async (data) => ed25519.sign(Uint8Array.from(Buffer.from(data)), SECRET) },
};

const TWO_VALUES = [
  { who: 0, second: 5 },
  { who: 1, second: 5, celsius: 9 },
] as const;
const FORKS = [
  await forkFile(DEVICE, 'conflict', TWO_VALUES),
  await forkFile(DEVICE, 'both-go-on', ALTERNATING),
  await forkFile(DEVICE, 'open', ALTERNATING.slice(0, 3)),
].map((proof) => bytesOf(encodeForkProof(proof)));

const placeOf = ({ reason, at }: Fault): string => `${reason} ${at.slice(0, 12).replaceAll(/\d+/g, '')}`;

/** Whoever forges writes canonically; what is no JSON goes as it is. */
function forged(input: Uint8Array): Uint8Array {
  const given = parsedJson(input);
  try {
    return given === undefined ? input : bytesOf(canonicalJson(given));
  } catch {
    return input;
  }
}

const files: Target = {
  name: 'fork-file',
  form: 'json',
  mostBytes: MOST_BYTES,
  share: 0.3,
  seeds: FORKS,
  words: ['"toString":1,', '"constructor":{},', '"previousDigest":"",'],
  run(input) {
    const asGiven = parseForkProof(input);
    const written = forged(input);
    const proof = parseForkProof(written);
    if (asGiven.ok) mustBeSame(written, input, 'a fork with two forms');
    if (!proof.ok) return placeOf(proof.error);
    const { branches, verdict } = proof.value;
    must(Object.keys(proof.value).length === 7, `a fork of ${Object.keys(proof.value).join(', ')}`);
    must(branches.length === 2 && branches.every(({ length }) => length > 0), `${branches.length} branches`);
    mustBeSame(bytesOf(encodeForkProof(proof.value)), written, 'read and written differ');
    return `ok, ${verdict}`;
  },
};

/** Whoever forges has a key of his own: what is said is all that there is to check. */
const anySignature = { ...TOOLS, verifier: { verify: async () => ok(true) } };

const checks: Target = {
  name: 'fork-check',
  form: 'json',
  mostBytes: MOST_BYTES,
  share: 0.05,
  seeds: FORKS,
  async run(input) {
    const written = forged(input);
    const { fault, proof } = await checkForkProof(written, anySignature);
    if (fault !== null) return placeOf(fault);
    must(proof !== null, 'a proof without a file');
    return `ok, ${proof?.verdict ?? ''}`;
  },
};

export const FORK_TARGETS: readonly Target[] = [files, checks];
