import { z } from 'zod';
import {
  ClaimBody,
  EventsAnswer,
  MaintenanceActBody,
  RegistryAnswer,
  RelocateBody,
  RetireBody,
  RotateBody,
  TransferBody,
  WaitingAnswer,
  WaitingBody,
  WaitingKept,
} from '../registry.ts';
import { DeviceKey } from '../shape.ts';
import { json, JSON_TYPE, merge, path, query, type Problems, type Route } from './route.ts';

const DEVICE = path('device', 'The device.', DeviceKey);
const GROUP = 'Lifecycle';
const BODY: Problems = {
  400: ['bad-field'],
  413: ['body-too-large'],
  415: ['unsupported-encoding', 'wrong-content-type'],
};
/** Of the device, where it has to sign and where it does so although it need not. */
const SIGNED: Problems = {
  400: ['bad-nonce', 'invalid-device', 'malformed-signature'],
  401: ['clock-skew', 'digest-mismatch', 'signature-invalid', 'unsigned', 'weak-coverage'],
  421: ['wrong-authority'],
};
const ACT: Problems = merge(BODY, SIGNED, {
  401: ['act-clock', 'wrong-owner-signature'],
  409: ['stale-act', 'version-conflict', 'region-not-open', 'wrong-region'],
  403: ['unknown-device'],
  503: ['region-unavailable', 'registry-busy'],
});
const OF_DEVICE: Problems = merge(ACT, { 403: ['retired-device', 'not-the-owner'], 404: ['no-such-device'] });
const BY_DEVICE: Problems = { 401: ['device-signature-missing'] };
const PLACED: Problems = { 422: ['wrong-position', 'wrong-place'] };
const DONE = {
  200: json('The same act was carried out before: the device as that left it.', RegistryAnswer),
  201: json('The device as it is now.', RegistryAnswer),
};

export const REGISTRY: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/registry/claims',
    id: 'postClaim',
    group: GROUP,
    says: 'Claims a device: signed by its owner and by the device',
    detail:
      'The request is signed as a batch is. It is published as evidence, so the exact position stands in the header, not in ' +
      'the body; where the owner’s half waits here, it is known already.',
    access: 'device',
    parameters: [
      {
        in: 'header',
        name: 'Isobar-Position',
        says: 'The exact position as JSON (the shape ExactPosition).',
        schema: z.string(),
      },
    ],
    body: { says: 'The claim.', media: { [JSON_TYPE]: ClaimBody } },
    answers: DONE,
    problems: merge(ACT, BY_DEVICE, PLACED, {
      400: ['position-missing'],
      409: ['already-claimed', 'region-full'],
      422: ['weak-key'],
    }),
  },
  {
    method: 'put',
    path: '/v1/registry/claims/{device}',
    id: 'putClaim',
    group: GROUP,
    says: 'Leaves the owner’s half of a claim for the device, for a day',
    parameters: [DEVICE],
    body: { says: 'The claim and the exact position.', media: { [JSON_TYPE]: WaitingBody } },
    answers: { 202: json('It waits.', WaitingKept) },
    problems: merge(BODY, SIGNED, PLACED, {
      401: ['act-clock', 'wrong-owner-signature'],
      409: ['already-claimed', 'region-full', 'region-not-open'],
      422: ['weak-key'],
      429: ['quota-exceeded'],
    }),
  },
  {
    method: 'get',
    path: '/v1/registry/claims/{device}',
    id: 'getClaim',
    group: GROUP,
    says: 'The owner’s half that waits, for the device',
    detail: 'Signed by the device over @method, @authority and @path.',
    access: 'device',
    parameters: [DEVICE, query('code', 'Of the claim link: the half that holds it, not the newest.', z.string())],
    answers: { 200: json('The half.', WaitingAnswer) },
    problems: merge(SIGNED, { 400: ['bad-query'], 404: ['no-waiting-claim'] }),
  },
  {
    method: 'post',
    path: '/v1/registry/devices/{device}/relocate',
    id: 'postRelocate',
    group: GROUP,
    says: 'Moves a device, to another region, too; it posts to the new address from then on',
    parameters: [DEVICE],
    body: { says: 'Signed by the owner.', media: { [JSON_TYPE]: RelocateBody } },
    answers: DONE,
    problems: merge(OF_DEVICE, PLACED, { 409: ['region-full'] }),
  },
  {
    method: 'post',
    path: '/v1/registry/devices/{device}/maintenance',
    id: 'postMaintenanceAct',
    group: GROUP,
    says: 'Announces maintenance; it counts from its receipt',
    detail: 'Signed by the owner, or without ownerSignature by the device.',
    access: 'device',
    parameters: [DEVICE],
    body: { says: 'From when until when.', media: { [JSON_TYPE]: MaintenanceActBody } },
    answers: DONE,
    problems: merge(OF_DEVICE, BY_DEVICE, {
      409: ['too-many-windows'],
      422: ['maintenance-over', 'maintenance-too-far'],
    }),
  },
  {
    method: 'post',
    path: '/v1/registry/devices/{device}/transfer',
    id: 'postTransfer',
    group: GROUP,
    says: 'Gives a device to another owner',
    parameters: [DEVICE],
    body: { says: 'Signed by both owners.', media: { [JSON_TYPE]: TransferBody } },
    answers: DONE,
    problems: OF_DEVICE,
  },
  {
    method: 'post',
    path: '/v1/registry/devices/{device}/rotate',
    id: 'postRotate',
    group: GROUP,
    says: 'Gives a device a new key; its history goes on under it',
    detail:
      'Signed by the new key, and by the old one with a second label; where that is lost, by the owner in its place.',
    access: 'device',
    parameters: [DEVICE],
    body: { says: 'Who succeeds whom.', media: { [JSON_TYPE]: RotateBody } },
    answers: DONE,
    problems: merge(OF_DEVICE, BY_DEVICE, {
      409: ['already-claimed', 'already-rotated', 'too-many-keys'],
      422: ['weak-key'],
    }),
  },
  {
    method: 'post',
    path: '/v1/registry/devices/{device}/retire',
    id: 'postRetire',
    group: GROUP,
    says: 'Retires a device for ever',
    parameters: [DEVICE],
    body: { says: 'Signed by the owner.', media: { [JSON_TYPE]: RetireBody } },
    answers: DONE,
    problems: OF_DEVICE,
  },
  {
    method: 'get',
    path: '/v1/registry/devices/{device}/events',
    id: 'getEvents',
    group: GROUP,
    says: 'The acts of a device with their signatures, newest first, at most 100',
    parameters: [DEVICE],
    answers: { 200: json('Without the exact position.', EventsAnswer) },
    problems: { 400: ['invalid-device'], 404: ['no-such-device'] },
  },
];
