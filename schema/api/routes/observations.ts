import { z } from 'zod';
import { json, query, type Route } from './route.ts';

/** Written out when the shapes of the paid query are. */
export const OBSERVATIONS: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/observations',
    id: 'getObservations',
    group: 'Paid',
    says: 'Observations',
    access: 'payment',
    parameters: [query('dry-run', 'Price and size only, free of charge.', z.enum(['true', 'false']))],
    answers: {
      200: json('The observations, or the quote.', z.looseObject({ from: z.string() }), ['PAYMENT-RESPONSE']),
    },
  },
];
