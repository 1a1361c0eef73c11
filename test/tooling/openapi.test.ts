/** The OpenAPI documents: they describe the routes that there are, and a validator that is not ours takes them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { ROUTES, STATIC_ROUTES } from '../../schema/api/routes/all.ts';
import { merge, type Route } from '../../schema/api/routes/route.ts';
import { ROOT } from '../../scripts/lib/files.ts';
import { ogcOpenapi, openapi } from '../../scripts/openapi/files.ts';
import { app } from '../../worker/app.ts';
import { app as registry } from '../../worker/registry/app.ts';

/** `:cell` and `:command{advance|refold}` are `{cell}` and `{command}`; what `use` registers is no route. */
function routesOfApp(): readonly string[] {
  const named = [...app.routes, ...registry.routes]
    .filter(({ method, path }) => !(method === 'ALL' && path.includes('*')))
    // The landing page answers under both spellings of its address.
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}').replace(/(.)\/$/, '$1')}`);
  return [...new Set(named)].toSorted();
}

const nameOf = ({ method, path }: Route): string => `${method.toUpperCase()} ${path}`;

test('every route of the Workers is described, and every description has its route', () => {
  const described = ROUTES.map(nameOf);
  const real = routesOfApp();
  expect({
    'add to schema/api/routes': real.filter((route) => !described.includes(route)),
    'no such route': described.filter((route) => !real.includes(route)),
  }).toEqual({ 'add to schema/api/routes': [], 'no such route': [] });
});

test('no two routes share an address or a name', () => {
  const all = [...ROUTES, ...STATIC_ROUTES];
  expect(new Set(all.map(nameOf)).size).toBe(all.length);
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
});

test.each([
  ['OpenAPI 3.1', openapi(), '3.1'],
  ['OpenAPI 3.0 of OGC API - Features', ogcOpenapi(), '3.0'],
] as const)('%s is valid', async (_, document, version) => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(JSON.stringify(document, null, 1));
  expect([valid, errors, validator.version]).toEqual([true, undefined, version]);
});

test('what answers 402 says with which header it is paid', () => {
  const paid = ROUTES.filter(({ access }) => access === 'payment' || access === 'x402');
  expect(paid.length).toBeGreaterThan(0);
  const { paths } = openapi() as {
    paths: Record<string, Record<string, { responses: Record<string, unknown>; security: unknown }>>;
  };
  for (const { path, method } of paid) {
    const operation = paths[path]?.[method];
    expect(operation?.responses['402']).toMatchObject({ headers: { 'PAYMENT-REQUIRED': {} } });
    expect(operation?.security).toContainEqual({ payment: [] });
  }
});

test('every code of a problem that is described is one that the code gives', () => {
  const sources = ['worker/middleware', 'worker/routes', 'worker/registry', 'core', 'durable-objects']
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(ROOT, folder, name)),
    )
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(name, 'utf8'))
    .join('\n');
  const codes = Object.values(merge(...ROUTES.map(({ problems = {} }) => problems))).flat();
  // `no-such-${kind}` and `invalid-${kind}` are put together from the kind.
  const isGiven = (code: string) =>
    [code, code.replace(/^(?:no-such|invalid)-/, '')].some((text) => sources.includes(`'${text}'`));
  expect(codes.filter((code) => !isGiven(code))).toEqual([]);
});
