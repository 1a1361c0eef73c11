/**
 * Rules of this house that no stock linter has. Loaded by oxlint (.oxlintrc.json, jsPlugins); proved by
 * test/tooling/lint.test.ts.
 */

type Node = { readonly type: string; readonly [key: string]: unknown };
type Comment = { readonly type: string; readonly value: string };
type Context = {
  readonly sourceCode: { getAllComments(): readonly (Comment & Node)[] };
  report(problem: { readonly node: Node; readonly message: string }): void;
};
type Visitor = Readonly<Record<string, (node: Node) => void>>;
type Rule = { create(context: Context): Visitor };

/** Engines differ in the last bit of these (measured between workerd and Node); core/math.ts has ports that do not. */
const INEXACT_MATH = new Set(
  'acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp expm1 hypot log log10 log1p log2 pow sin sinh tan tanh'.split(
    ' ',
  ),
);

/** What core/ may not reach: a clock, randomness, the outside. */
const IMPURE_GLOBALS = new Set(
  (
    'performance crypto process fetch setTimeout setInterval setImmediate queueMicrotask console Buffer require ' +
    'caches localStorage navigator WebSocket Temporal Intl globalThis'
  ).split(' '),
);

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value;

const nameOf = (node: unknown): string | undefined =>
  isNode(node) && node.type === 'Identifier' ? String(node['name']) : undefined;

/** `a.b`, `a['b']` -> 'b'. */
function propertyName(node: Node): string | undefined {
  const property = node['property'];
  if (!isNode(property)) return undefined;
  if (node['computed'] !== true) return nameOf(property);
  return property.type === 'Literal' && typeof property['value'] === 'string' ? property['value'] : undefined;
}

/** True where the identifier is a value that is read, not a key, a type or a declared name. */
function isRead(node: Node): boolean {
  const parent = node['parent'];
  if (!isNode(parent)) return true;
  if (parent.type === 'MemberExpression') return parent['object'] === node || parent['computed'] === true;
  if (parent.type === 'Property') return parent['value'] === node && !isPattern(parent['parent']);
  return !/^(TS|Import|Export|MethodDefinition|PropertyDefinition|LabeledStatement)/.test(parent.type);
}

const isPattern = (node: unknown): boolean => isNode(node) && node.type === 'ObjectPattern';

const pureCore: Rule = {
  create(context) {
    const refuse = (node: Node, what: string, instead: string) =>
      context.report({ node, message: `core/ must not use ${what}: ${instead}` });
    return {
      MemberExpression(node) {
        const owner = nameOf(node['object']);
        const member = propertyName(node);
        if (owner === 'Math' && member === 'random') {
          refuse(node, 'Math.random', 'every verdict must be recomputable');
        } else if (owner === 'Math' && (member === undefined || INEXACT_MATH.has(member))) {
          refuse(node, `Math.${member ?? '[...]'}`, 'engines differ in its last bit, take the port in core/math.ts');
        } else if (owner === 'Date' && (member === 'now' || member === undefined)) {
          refuse(node, 'Date.now', 'time is passed in');
        }
      },
      VariableDeclarator(node) {
        const taken = nameOf(node['init']);
        if (taken === 'Math' || taken === 'Date')
          refuse(node, `an alias of ${taken}`, 'name the function where it is used');
      },
      BinaryExpression(node) {
        if (node['operator'] === '**' && !(isBigInt(node['left']) || isBigInt(node['right']))) {
          refuse(node, '**', 'it is Math.pow; multiply, or use bigint');
        }
      },
      AssignmentExpression(node) {
        if (node['operator'] === '**=') refuse(node, '**=', 'it is Math.pow; multiply, or use bigint');
      },
      NewExpression(node) {
        const given = node['arguments'];
        if (nameOf(node['callee']) === 'Date' && Array.isArray(given) && given.length === 0) {
          refuse(node, 'new Date()', 'time is passed in');
        }
      },
      CallExpression(node) {
        if (nameOf(node['callee']) === 'Date') refuse(node, 'Date()', 'time is passed in');
      },
      Identifier(node) {
        const name = String(node['name']);
        if (IMPURE_GLOBALS.has(name) && isRead(node))
          refuse(node, name, 'it decides from values alone, effects are outside');
      },
    };
  },
};

/** A literal `2n` or a call `BigInt(x)`. One such side suffices: TypeScript refuses to mix bigint with number. */
const isBigInt = (node: unknown): boolean =>
  isNode(node) &&
  ((node.type === 'Literal' && typeof node['bigint'] === 'string') ||
    (node.type === 'CallExpression' && nameOf(node['callee']) === 'BigInt'));

const DISABLE = /^\s*(?:oxlint|eslint)-disable(?:-next-line|-line)?\b/;
const REASON = /--\s*\S.{9,}/s;

const explainedDisable: Rule = {
  create(context) {
    return {
      Program() {
        for (const comment of context.sourceCode.getAllComments()) {
          if (DISABLE.test(comment.value) && !REASON.test(comment.value)) {
            context.report({ node: comment, message: 'a disabled rule needs its reason after `--`' });
          }
        }
      },
    };
  },
};

// oxlint loads a plugin by its default export.
export default { meta: { name: 'isobar' }, rules: { 'pure-core': pureCore, 'explained-disable': explainedDisable } };
