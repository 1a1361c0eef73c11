/** All sets of vectors: of the published world as files, of any other for whoever runs a network. */
import { parseRegionCell } from '../../core/ids.ts';
import { ingestUrlPath } from '../../core/ingest/tag.ts';
import type { KeyAlgorithm } from '../../core/signature/did-key.ts';
import { badPacks } from './bad-packs.ts';
import { draftCose } from './cose-form.ts';
import { badCose } from './cose-bad.ts';
import { goodCose } from './cose-good.ts';
import { badJson } from './json-bad.ts';
import { type Draft, draftJson } from './json-form.ts';
import { goodJson } from './json-good.ts';
import { pemOf, vectorKey } from './keys.ts';
import { signingVectors } from './signing.ts';
import { together, type Vector, type World } from './vector.ts';

export const ALGORITHMS = ['ed25519', 'ecdsa-p256-sha256'] as const;
export const FORMS = ['json', 'cose'] as const;
export type Form = (typeof FORMS)[number];

export const AUTHORITY = 'api.isobar.example';
/** Of the network in which the published vectors are judged: makes its ingest addresses. */
export const INGEST_TAG_KEY = 'isobar test vectors';
const REGION = '83390cfffffffff';
const NOW_SECONDS = 1_795_387_200;

export function publishedWorld(algorithm: KeyAlgorithm): World {
  const cell = parseRegionCell(REGION);
  if (!cell.ok) throw new Error(`${REGION} is a region`);
  const [key, stranger] = [vectorKey(algorithm, 'device'), vectorKey(algorithm, 'stranger')];
  return {
    nowSeconds: NOW_SECONDS,
    authority: AUTHORITY,
    key,
    stranger,
    path: ingestUrlPath(cell.value, key.did, INGEST_TAG_KEY),
    strangerPath: ingestUrlPath(cell.value, stranger.did, INGEST_TAG_KEY),
    slackSeconds: 0,
  };
}

/** The good ones first: what has `after` follows what it names. */
export function vectorsOf(form: Form, world: World): readonly Vector[] {
  return form === 'json' ? jsonVectors(world) : coseVectors(world);
}

function jsonVectors(world: World): readonly Vector[] {
  const good = Object.entries(goodJson(world)).map(([name, draft], at) => draftJson(world, name, at, draft(at)));
  const packs = Object.entries(badPacks(world)).map(([name, { pack, ...draft }]): [string, Draft] => [
    name,
    { ...draft, body: JSON.stringify(pack) },
  ]);
  const bad = Object.entries(together(badJson(world), Object.fromEntries(packs)));
  return [...good, ...bad.map(([name, draft], at) => draftJson(world, name, good.length + at, draft))];
}

function coseVectors(world: World): readonly Vector[] {
  const good = Object.entries(goodCose(world)).map(([name, draft], at) => draftCose(world, name, at, draft(at)));
  const bad = Object.entries(badCose(world));
  return [...good, ...bad.map(([name, draft], at) => draftCose(world, name, good.length + at, draft))];
}

const SHORT: Readonly<Record<KeyAlgorithm, string>> = { ed25519: 'ed25519', 'ecdsa-p256-sha256': 'p256' };

/** File name -> what stands in it. */
export function vectorFiles(): Readonly<Record<string, unknown>> {
  const files: Record<string, unknown> = {};
  for (const algorithm of ALGORITHMS) {
    const world = publishedWorld(algorithm);
    const { key, path, nowSeconds: now } = world;
    for (const form of FORMS) {
      const state = {
        device: key.did,
        status: 'active',
        region: REGION,
        path,
        authorities: [AUTHORITY],
        rules: 'main',
      };
      files[`${form}-${SHORT[algorithm]}.json`] = { algorithm, form, now, state, vectors: vectorsOf(form, world) };
    }
  }
  const keys = ALGORITHMS.flatMap((algorithm) => [vectorKey(algorithm, 'device'), vectorKey(algorithm, 'stranger')]);
  files['keys.json'] = {
    warning: 'Published: whoever registers one of these shares it with everybody.',
    ingestTagKey: INGEST_TAG_KEY,
    keys: keys.map((key) => ({
      algorithm: key.algorithm,
      device: key.did,
      secret: Buffer.from(key.secret).toString('hex'),
      publicKey: Buffer.from(key.publicKey).toString('hex'),
      pem: pemOf(key),
    })),
  };
  files['signing.json'] = { vectors: signingVectors(ALGORITHMS.map((algorithm) => vectorKey(algorithm, 'device'))) };
  return files;
}
