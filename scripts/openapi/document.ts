/** `openapi.json` from the shapes and the route table of schema/api. Built at deploy time; the Worker never sees any of it. */
import {
  JSON_TYPE,
  merge,
  PROBLEM_TYPE,
  TAGS,
  type Access,
  type Answer,
  type Header,
  type Message,
  type Parameter,
  type Problems,
  type Route,
} from '../../schema/api/routes/route.ts';
import { Problem } from '../../schema/api/public.ts';
import { convertSchemas, type Json, type JsonObject, type OpenapiVersion, type Schemas } from './schemas.ts';

export type DocumentOptions = {
  readonly title: string;
  readonly says: string;
  readonly version: OpenapiVersion;
  readonly routes: readonly Route[];
  /** OpenAPI 3.1 only. */
  readonly messages?: readonly Message[];
  /** Part of every path that stands in the server's address instead. */
  readonly base?: string;
  /** For tests: see schemas.ts. */
  readonly isClosed?: boolean;
};

const HEADERS: Readonly<Record<Header, string>> = {
  ETag: 'Names this very answer; send it as `If-None-Match`.',
  Link: '`rel=next`: the next page (RFC 8288).',
  'Retry-After': 'Seconds to wait.',
  'Accept-Ranges': '`bytes`.',
  'Content-Range': 'Which bytes of how many (RFC 9110).',
  'PAYMENT-REQUIRED': 'The offer, x402 v2: base64 of JSON. Any x402 client reads it.',
  'PAYMENT-RESPONSE': 'The settlement, x402 v2: base64 of JSON with the transaction.',
  'Credits-Charged': 'With an API key: what this answer cost, USDC base units; 0 where it was bought before.',
  'Credits-Left': 'With an API key: what is left, USDC base units.',
  RateLimit: 'What is left of the allowance (draft-ietf-httpapi-ratelimit-headers).',
};

const SCHEMES = {
  payment: {
    type: 'apiKey',
    in: 'header',
    name: 'PAYMENT-SIGNATURE',
    description:
      'x402 v2, scheme exact: an EIP-3009 authorization for what `PAYMENT-REQUIRED` offered. No account is needed.',
  },
  owner: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: '`SIWE <message>.<signature>`: a message as EIP-4361 writes it, signed by the owner’s wallet.',
  },
  apiKey: { type: 'http', scheme: 'bearer', description: 'An API key (`isk_...`), which spends credits.' },
  admin: { type: 'http', scheme: 'bearer', description: 'The admin token.' },
} satisfies Readonly<Record<string, JsonObject>>;

type Requirement = Readonly<Partial<Record<keyof typeof SCHEMES, readonly []>>>;

/** Any of them is enough. An empty one: without a payment the answer is 402 with the price. */
const SECURITY: Readonly<Record<Access, readonly Requirement[]>> = {
  open: [],
  device: [],
  payment: [{}, { payment: [] }, { apiKey: [] }],
  x402: [{}, { payment: [] }],
  owner: [{ owner: [] }],
  account: [{ owner: [] }, { apiKey: [] }],
  admin: [{ admin: [] }],
};

const PAYMENT_PROBLEMS: Problems = {
  400: ['malformed-payment'],
  402: ['payment-required'],
  409: ['payment-in-flight', 'payment-for-another-query'],
  503: ['settlement-pending', 'chain-unreachable'],
};
const CREDIT_PROBLEMS: Problems = {
  400: ['bad-idempotency-key'],
  401: ['unknown-key', 'key-revoked', 'key-expired'],
  402: ['credits-exhausted'],
  403: ['key-out-of-scope', 'key-limit-reached'],
  409: ['purchase-in-flight'],
  422: ['idempotency-key-reused'],
  503: ['credits-unavailable'],
};
const OF_ACCESS: Readonly<Partial<Record<Access, Problems>>> = {
  payment: merge(PAYMENT_PROBLEMS, CREDIT_PROBLEMS),
  x402: PAYMENT_PROBLEMS,
};
const FAILURE = { 500: ['internal'] };

export function openapiDocument(options: DocumentOptions): JsonObject {
  const { routes, version, base = '', messages = [] } = options;
  const used = [...routes.flatMap(schemasOf), ...messages.map(({ schema }) => schema)];
  const schemas = convertSchemas(used, { version, isClosed: options.isClosed ?? false });
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.path.slice(base.length) || '/';
    paths[path] = { ...paths[path], [route.method]: operation(route, schemas, version) };
  }
  for (const schema of routes.flatMap(({ mentions = [] }) => mentions)) schemas.of(schema);
  const webhooks = messages.map(({ name, says, schema }) => [name, { post: received(says, schemas.of(schema)) }]);
  const needed = new Set(routes.flatMap(({ access = 'open' }) => SECURITY[access].flatMap(Object.keys)));
  const security = Object.entries(SCHEMES).filter(([scheme]) => needed.has(scheme));
  const groups = [...new Set(routes.map(({ group }) => group))];
  return {
    openapi: version === '3.1' ? '3.1.1' : '3.0.3',
    info: {
      title: options.title,
      version: '1',
      description: options.says,
      license: { name: 'Data: CC BY 4.0', url: 'https://creativecommons.org/licenses/by/4.0/' },
    },
    // Relative to where the document was found: the same file serves every host.
    servers: [{ url: base || '/' }],
    tags: groups.map((name) => ({ name, description: TAGS[name] ?? '' })),
    paths,
    ...(webhooks.length === 0 ? {} : { webhooks: Object.fromEntries(webhooks) as JsonObject }),
    components: {
      schemas: schemas.components(),
      ...(security.length === 0 ? {} : { securitySchemes: Object.fromEntries(security) }),
    },
  };
}

/** Standard Webhooks; what the receiver answers is up to it. */
function received(says: string, schema: Json): Json {
  return {
    summary: says,
    requestBody: { required: true, content: { [JSON_TYPE]: { schema } } },
    responses: { '2XX': { description: 'Taken. Anything else: the message comes again; 410 pauses the webhook.' } },
  };
}

function schemasOf({ parameters = [], body, answers, mentions = [] }: Route) {
  return [
    Problem,
    ...mentions,
    ...parameters.map(({ schema }) => schema),
    ...Object.values(body?.media ?? {}),
    ...Object.values(answers).flatMap((answer: Answer) => Object.values(answer.body ?? {})),
  ];
}

function operation(route: Route, schemas: Schemas, version: OpenapiVersion): Json {
  const { id, group, says, detail, access = 'open', parameters = [], body } = route;
  return {
    operationId: id,
    tags: [group],
    summary: says,
    ...(detail === undefined ? {} : { description: detail }),
    ...(parameters.length === 0 ? {} : { parameters: parameters.map((parameter) => toParameter(parameter, schemas)) }),
    ...(body === undefined
      ? {}
      : { requestBody: { description: body.says, required: true, content: content(body.media, schemas) } }),
    ...(SECURITY[access].length === 0 ? {} : { security: SECURITY[access] }),
    responses: responses(route, schemas, version),
  };
}

function toParameter({ in: where, name, says, schema, required, example, isList }: Parameter, schemas: Schemas): Json {
  const one = schemas.of(schema);
  const isArray = typeof one === 'object' && one !== null && 'type' in one && one['type'] === 'array';
  return {
    name,
    in: where,
    description: says,
    ...(required === true ? { required } : {}),
    schema: isList === true && !isArray ? { type: 'array', items: one } : one,
    ...(isList === true ? { style: 'form', explode: false } : {}),
    ...(example === undefined ? {} : { example: isList === true ? [example] : example }),
  };
}

function content(media: Readonly<Record<string, Parameters<Schemas['of']>[0]>>, schemas: Schemas): JsonObject {
  return Object.fromEntries(Object.entries(media).map(([type, schema]) => [type, { schema: schemas.of(schema) }]));
}

function responses(route: Route, schemas: Schemas, version: OpenapiVersion): Json {
  const problems = merge(route.problems ?? {}, OF_ACCESS[route.access ?? 'open'] ?? {}, FAILURE);
  const statuses = [...new Set([...Object.keys(route.answers), ...Object.keys(problems)])].toSorted();
  return Object.fromEntries(
    statuses.map((status) => {
      const answer = route.answers[Number(status)];
      const codes = problems[Number(status)] ?? [];
      const headers = [...(answer?.headers ?? []), ...problemHeaders(codes)];
      const bodies = {
        ...(answer?.body ? content(answer.body, schemas) : {}),
        ...(codes.length === 0
          ? {}
          : { [PROBLEM_TYPE]: { schema: problemSchema(codes, Number(status), schemas, version) } }),
      };
      return [
        status,
        {
          description: answer?.says ?? `A problem: ${codes.map((code) => `\`${code}\``).join(', ')}.`,
          ...(headers.length === 0
            ? {}
            : { headers: Object.fromEntries(headers.map((name) => [name, headerOf(name)])) }),
          ...(Object.keys(bodies).length === 0 ? {} : { content: bodies }),
        },
      ];
    }),
  );
}

const headerOf = (name: Header): Json => ({ description: HEADERS[name], schema: { type: 'string' } });

/** Problems that pass: the same request may succeed later. */
const WAITS: readonly string[] = [
  'account-unavailable',
  'credits-unavailable',
  'live-full',
  'pass-in-use',
  'payment-in-flight',
  'proof-pending',
  'proof-unavailable',
  'purchase-in-flight',
  'quota-exceeded',
  'region-unavailable',
  'settlement-pending',
];

function problemHeaders(codes: readonly string[]): readonly Header[] {
  if (codes.includes('payment-required')) return ['PAYMENT-REQUIRED'];
  return codes.some((code) => WAITS.includes(code)) ? ['Retry-After'] : [];
}

function problemSchema(codes: readonly string[], status: number, schemas: Schemas, version: OpenapiVersion): Json {
  const own = {
    code: { type: 'string', enum: codes },
    status: version === '3.1' ? { const: status } : { enum: [status] },
  };
  return { allOf: [schemas.of(Problem), { type: 'object', properties: own }] };
}
