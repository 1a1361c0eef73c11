import { z } from 'zod';
import {
  DeviceFields,
  DeviceRecord,
  MaintenanceFields,
  OperatorFields,
  RecallFields,
  RefoldAnswer,
  RegionFields,
  RegionOperator,
  RegionSummary,
  RegisteredDevice,
} from '../admin.ts';
import { MinterResumption } from '../public.ts';
import { Cell, DeviceKey } from '../shape.ts';
import { RecallItem } from '../webhooks.ts';
import { BAD_FIELDS, json, JSON_TYPE, merge, path, type Problems, type Route } from './route.ts';

const CELL = path('cell', 'The region.', Cell);
const DID = path('did', 'The device.', DeviceKey);
const BODY: Problems = {
  400: ['bad-field', 'bad-gzip'],
  413: ['body-too-large', 'inflated-too-large'],
  415: ['unsupported-encoding'],
};
const STRANGER: Problems = { 401: ['unauthorized'] };
const FROM_REGION: Problems = {
  403: ['retired-device', 'unknown-device'],
  409: ['region-not-open', 'wrong-region'],
  503: ['region-unavailable'],
};

export const ADMIN: readonly Route[] = [
  {
    method: 'put',
    path: '/v1/admin/regions/{cell}',
    id: 'putRegion',
    group: 'Operators',
    says: 'Opens a region',
    access: 'admin',
    parameters: [CELL],
    body: { says: 'Name and boundary.', media: { [JSON_TYPE]: RegionFields } },
    answers: { 200: json('The region as it stands.', RegionSummary) },
    problems: merge(STRANGER, BODY, FROM_REGION, { 400: ['invalid-region'] }),
  },
  {
    method: 'put',
    path: '/v1/admin/regions/{cell}/operator',
    id: 'putOperator',
    group: 'Operators',
    says: 'Who gets the operator’s part of a region’s sales',
    access: 'admin',
    parameters: [CELL],
    body: { says: 'The address.', media: { [JSON_TYPE]: OperatorFields } },
    answers: { 200: json('As it stands.', RegionOperator) },
    problems: merge(STRANGER, BAD_FIELDS, { 400: ['invalid-region'], 404: ['no-such-region'] }),
  },
  {
    method: 'get',
    path: '/v1/admin/devices/{did}',
    id: 'getRegisteredDevice',
    group: 'Operators',
    says: 'A device as registered',
    access: 'admin',
    parameters: [DID],
    answers: { 200: json('With the version that a change is based on.', DeviceRecord) },
    problems: merge(STRANGER, { 400: ['invalid-device'], 404: ['no-such-device'] }),
  },
  {
    method: 'put',
    path: '/v1/admin/devices/{did}',
    id: 'putDevice',
    group: 'Operators',
    says: 'Registers a device, or changes it by compare-and-set',
    access: 'admin',
    parameters: [DID],
    body: { says: 'The whole record.', media: { [JSON_TYPE]: DeviceFields } },
    answers: { 200: json('Its version and where it posts.', RegisteredDevice) },
    problems: merge(STRANGER, BODY, FROM_REGION, {
      400: ['invalid-device'],
      409: ['version-conflict'],
      422: ['weak-key'],
    }),
  },
  {
    method: 'post',
    path: '/v1/admin/devices/{did}/maintenance',
    id: 'postMaintenance',
    group: 'Operators',
    says: 'Notes maintenance of a device: its hours are neither sold nor scored',
    access: 'admin',
    parameters: [DID],
    body: { says: 'From when until when.', media: { [JSON_TYPE]: MaintenanceFields } },
    answers: { 200: json('The region as it stands.', RegionSummary) },
    problems: merge(STRANGER, BODY, FROM_REGION, { 400: ['invalid-device'], 404: ['no-such-device'] }),
  },
  {
    method: 'post',
    path: '/v1/admin/devices/{did}/recalls',
    id: 'postRecall',
    group: 'Operators',
    says: 'Recalls data that was found false: public for ever, and told to its buyers; it changes no verdict and no pay',
    detail: 'The same recall again is the one that stands.',
    access: 'admin',
    parameters: [DID],
    body: { says: 'What, and why.', media: { [JSON_TYPE]: RecallFields } },
    answers: { 201: json('As everybody reads it.', RecallItem) },
    problems: merge(STRANGER, BAD_FIELDS, { 400: ['invalid-device'], 404: ['no-such-device'] }),
  },
  {
    method: 'post',
    path: '/v1/admin/regions/{cell}/{command}',
    id: 'postRegionCommand',
    group: 'Operators',
    says: 'Closes what is due, or folds the log again',
    access: 'admin',
    parameters: [CELL, path('command', 'What to do.', z.enum(['advance', 'refold']))],
    answers: { 200: json('The region as it stands.', RegionSummary) },
    problems: merge(STRANGER, { 400: ['invalid-region'], 503: ['region-unavailable'] }),
  },
  {
    method: 'post',
    path: '/v1/admin/refold',
    id: 'postRefold',
    group: 'Operators',
    says: 'Folds the logs of all regions again',
    access: 'admin',
    answers: { 200: json('All of them.', RefoldAnswer), 503: json('Some did not answer.', RefoldAnswer) },
    problems: STRANGER,
  },
  {
    method: 'post',
    path: '/v1/admin/minter/resume',
    id: 'postResume',
    group: 'Operators',
    says: 'Lets the Minter go on after somebody has looked at what stopped it',
    access: 'admin',
    answers: { 200: json('What it did.', MinterResumption) },
    problems: STRANGER,
  },
];
