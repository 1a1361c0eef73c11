/** Parameters of a POST: from the address, or from a JSON object with the same names; a name in both is given twice. */
import type { Context } from 'hono';
import type { ExportRefusal } from '../../core/export/errors.ts';
import type { Parameters } from '../../core/query/parameters.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { AppEnv } from '../context.ts';
import { readBody } from './body.ts';

/** Two thousand devices and room. */
const MAX_BODY_BYTES = 256 * 1024;

export async function readParameters(c: Context<AppEnv>): Promise<Result<Parameters, ExportRefusal>> {
  const inAddress = [...new URL(c.req.url).searchParams];
  const body = await readBody(c.req.raw, MAX_BODY_BYTES);
  if (!body.ok) return err({ reason: 'bad-body', detail: `It has more than ${MAX_BODY_BYTES} bytes.` });
  if (body.value.length === 0) return ok(inAddress);
  const parsed = parseObject(new TextDecoder().decode(body.value));
  if (parsed === null) return err({ reason: 'bad-body', detail: 'It is not a JSON object.' });
  const inBody: [string, string][] = [];
  for (const [name, given] of Object.entries(parsed)) {
    const values: readonly unknown[] = Array.isArray(given) ? given : [given];
    if (!values.every(isPlain))
      return err({ reason: 'bad-body', detail: `"${name.slice(0, 80)}" is no text and no list of texts.` });
    // A box is four numbers in an order, not a list of boxes.
    if (name === 'bbox') inBody.push([name, values.join(',')]);
    else for (const value of values) inBody.push([name, String(value)]);
  }
  return ok([...inAddress, ...inBody]);
}

const isPlain = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    return isObject ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
