import { z } from 'zod';
import { StatementAnswer } from '../owners.ts';
import { Address } from '../shape.ts';
import { json, path, query, type Route } from './route.ts';

export const OWNERS: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/owners/{address}/statement',
    id: 'getStatement',
    group: 'Owners',
    says: 'What an owner’s devices earned in an epoch, to the last unit',
    access: 'owner',
    parameters: [
      path('address', 'The owner.', Address),
      query('epoch', 'Number of the epoch.', z.int().min(0), { required: true }),
    ],
    answers: { 200: json('The statement.', StatementAnswer) },
    problems: {
      400: ['invalid-owner', 'bad-query'],
      401: ['bad-sign-in'],
      403: ['not-the-owner'],
      404: ['no-such-epoch', 'no-such-report'],
    },
  },
];
