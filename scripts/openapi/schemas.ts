/** The zod shapes of schema/api as JSON Schema: named ones become components, the others stand where they are used. */
import { z } from 'zod';
import { SHAPES } from '../../schema/api/shape.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

export type OpenapiVersion = '3.1' | '3.0';

export type Schemas = {
  /** A reference to a named one, or the schema itself. */
  readonly of: (schema: z.ZodType) => Json;
  /** Those that were referred to, and what they refer to. */
  readonly components: () => JsonObject;
};

const INLINE = 'inline-';
const REFERENCE = '#/components/schemas/';

/**
 * `isClosed`: no member that is not described may stand in an answer. For tests; clients should expect new members.
 */
export function convertSchemas(
  used: readonly z.ZodType[],
  { version, isClosed }: { readonly version: OpenapiVersion; readonly isClosed: boolean },
): Schemas {
  const registry = z.registry<{ readonly id: string }>();
  const ids = new Map<z.ZodType, string>();
  const note = (schema: z.ZodType, id: string): void => {
    ids.set(schema, id);
    registry.add(schema, { id });
  };
  for (const [id, schema] of SHAPES) note(schema, id);
  for (const schema of used) if (!ids.has(schema)) note(schema, `${INLINE}${ids.size}`);
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `${REFERENCE}${id}`,
    target: version === '3.1' ? 'draft-2020-12' : 'openapi-3.0',
    // What a request may leave out it may leave out here, too.
    io: 'input',
  });
  const clean = new Map(Object.entries(schemas).map(([id, schema]) => [id, cleaned(schema as Json, isClosed)]));
  const wanted = new Set<string>();
  return {
    of: (schema) => {
      const id = ids.get(schema) ?? '';
      if (id.startsWith(INLINE)) {
        const inline = clean.get(id) ?? {};
        follow(inline);
        return inline;
      }
      follow({ $ref: `${REFERENCE}${id}` });
      return { $ref: `${REFERENCE}${id}` };
    },
    components: () => Object.fromEntries([...wanted].toSorted().map((id) => [id, clean.get(id) ?? {}] as const)),
  };

  function follow(node: Json): void {
    for (const id of referencesIn(node)) {
      if (wanted.has(id)) continue;
      wanted.add(id);
      follow(clean.get(id) ?? {});
    }
  }
}

function referencesIn(node: Json): readonly string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) =>
    name === '$ref' && typeof value === 'string' ? [value.slice(REFERENCE.length)] : referencesIn(value),
  );
}

/** Without what zod says of every schema and no reader needs: the dialect, its own id, the bounds of whole numbers. */
function cleaned(node: Json, isClosed: boolean): Json {
  if (Array.isArray(node)) return node.map((item: Json) => cleaned(item, isClosed));
  if (typeof node !== 'object' || node === null) return node;
  const isObject = 'type' in node && node['type'] === 'object';
  const kept = Object.entries(node).filter(
    ([name, value]) =>
      name !== '$schema' &&
      name !== '$id' &&
      Math.abs(Number(value)) !== Number.MAX_SAFE_INTEGER &&
      // `{}`: said of open shapes only, and true of all where it is not said.
      name !== 'additionalProperties',
  );
  const members = kept.map(([name, value]) => [name, cleaned(value, isClosed)] as const);
  const isOpen = !isObject || !('properties' in node) || 'additionalProperties' in node;
  return Object.fromEntries(isClosed && !isOpen ? [...members, ['additionalProperties', false] as const] : members);
}
