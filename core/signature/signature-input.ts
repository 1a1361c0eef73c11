/**
 * Signature-Input of ingest v1 (RFC 9421 section 4.1), one signature over exactly five components. Read by hand in one
 * pass: a general structured-field parser costs as much as the signature check itself. The text must be in the canonical
 * form that RFC 8941 section 4.1 serializes, so the bytes signed are the bytes received.
 */
import type { SignatureRefusal } from '../errors.ts';
import { err, ok, type Result } from '../result.ts';

export const COMPONENTS = ['@method', '@authority', '@path', 'content-type', 'content-digest'] as const;
/** What there is to sign of a request without a body. */
export const BODILESS_COMPONENTS = ['@method', '@authority', '@path'] as const;
export type Component = (typeof COMPONENTS)[number];

export type SignatureInput = {
  readonly label: string;
  readonly components: readonly Component[];
  /** Everything after `label=`: the value of `@signature-params`. */
  readonly params: string;
  readonly createdSeconds: number;
  readonly expiresSeconds: number | null;
  readonly keyid: string;
  /** 16 lower-case hex digits. */
  readonly nonce: string;
  readonly alg: string | null;
};

/** The form of docs/protocol.md, which evidence stores as (created, nonce) alone. */
export function standardParams(createdSeconds: number, keyid: string, nonce: string): string {
  return `${STANDARD_COVERAGE};created=${createdSeconds};keyid="${keyid}";nonce="${nonce}"`;
}
const STANDARD_COVERAGE = `(${COMPONENTS.map((name) => `"${name}"`).join(' ')})`;

const MAX_CHARACTERS = 1024;
/** RFC 8941: a key, a token, an integer of at most 15 digits, a string of printable ASCII, and booleans (true is
 * written by leaving the value out). No overlaps, no backtracking. */
const LABEL = /^[a-z*][a-z0-9_.*-]*$/;
const PARAMETER =
  /;([a-z*][a-z0-9_.*-]*)(?:=(?:(0|-?[1-9]\d{0,14})(?![\d.])|"((?:[ !#-[\]-~]|\\["\\])*)"|(\?0|[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*)))?/y;
const NONCE = /^[0-9a-f]{16}$/;

export function parseSignatureInput(
  header: string,
  required: readonly Component[] = COMPONENTS,
): Result<SignatureInput, SignatureRefusal> {
  if (header.length > MAX_CHARACTERS) return malformed(`Signature-Input is longer than ${MAX_CHARACTERS} characters`);
  const equals = header.indexOf('=');
  const label = header.slice(0, Math.max(equals, 0));
  const close = header.indexOf(')');
  if (!LABEL.test(label) || header[equals + 1] !== '(' || close < 0)
    return malformed('Signature-Input must read label=("component" ...);parameters');
  const components = parseComponents(header.slice(equals + 2, close), required);
  if (!components.ok) return components;
  const parameters = parseParameters(header, close + 1);
  if (!parameters.ok) return parameters;
  return checkParameters(parameters.value, { label, components: components.value, params: header.slice(equals + 1) });
}

function parseComponents(list: string, required: readonly Component[]): Result<readonly Component[], SignatureRefusal> {
  if (required === COMPONENTS && `(${list})` === STANDARD_COVERAGE) return ok(COMPONENTS);
  const names = list === '' ? [] : list.split(' ');
  const components: Component[] = [];
  for (const quoted of names) {
    const component = required.find((name) => quoted === `"${name}"`);
    if (component === undefined)
      return malformed(`component ${quoted.slice(0, 40)} is not one of the ${required.length} that are signed`);
    if (components.includes(component)) return malformed(`component ${quoted} is listed twice`);
    components.push(component);
  }
  const missing = required.find((name) => !components.includes(name));
  return missing === undefined ? ok(components) : err({ reason: 'weak-coverage', missing });
}

type Parameters = ReadonlyMap<string, string | number | true>;

function parseParameters(header: string, from: number): Result<Parameters, SignatureRefusal> {
  const parameters = new Map<string, string | number | true>();
  let at = from;
  while (at < header.length) {
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(header);
    if (match === null) return malformed('one signature with strings, integers and tokens as parameters is accepted');
    const [text, name = '', integer, string] = match;
    if (parameters.has(name)) return malformed(`parameter ${name} is given twice`);
    // Tokens and booleans are allowed and mean nothing here.
    parameters.set(name, integer === undefined ? (string ?? true) : Number(integer));
    at += text.length;
  }
  return ok(parameters);
}

function checkParameters(
  parameters: Parameters,
  head: Pick<SignatureInput, 'label' | 'components' | 'params'>,
): Result<SignatureInput, SignatureRefusal> {
  const created = parameters.get('created');
  const expires = parameters.get('expires');
  const keyid = parameters.get('keyid');
  const nonce = parameters.get('nonce');
  const alg = parameters.get('alg');
  if (created === undefined) return err({ reason: 'weak-coverage', missing: 'created' });
  if (keyid === undefined) return err({ reason: 'weak-coverage', missing: 'keyid' });
  if (nonce === undefined) return err({ reason: 'weak-coverage', missing: 'nonce' });
  if (typeof created !== 'number') return malformed('created is an integer');
  if (expires !== undefined && typeof expires !== 'number') return malformed('expires is an integer');
  if (typeof keyid !== 'string') return malformed('keyid is a string');
  if (alg !== undefined && typeof alg !== 'string') return malformed('alg is a string');
  if (typeof nonce !== 'string' || !NONCE.test(nonce))
    return err({ reason: 'bad-nonce', given: String(nonce).slice(0, 40) });
  return ok({ ...head, createdSeconds: created, expiresSeconds: expires ?? null, keyid, nonce, alg: alg ?? null });
}

function malformed(detail: string): Result<never, SignatureRefusal> {
  return err({ reason: 'malformed-signature', detail });
}
