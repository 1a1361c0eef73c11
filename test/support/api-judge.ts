/**
 * Holds every answer of a network against the OpenAPI document, in its closed form: status, media type, body, code of a problem.
 * A member that is not described is a fault, too.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { openapi } from '../../scripts/openapi/files.ts';

type Operation = {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
};
type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

export type Judge = {
  /** As `fetch`, but throws where the answer is not as described. */
  readonly fetch: typeof fetch;
  /** `operation status`, each once. */
  readonly seen: ReadonlySet<string>;
  /** Throws where a value is not as the schema at this place of the document says: messages, events. */
  readonly hold: (place: readonly string[], value: unknown) => void;
  readonly operations: readonly string[];
};

export function createJudge(ask: typeof fetch = fetch): Judge {
  const document = openapi(true);
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, 'openapi.json');
  const { paths } = document as unknown as Document;
  const seen = new Set<string>();
  const compiled = new Map<string, ValidateFunction>();

  function validatorAt(...steps: readonly string[]): ValidateFunction {
    const pointer = steps.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
    const known = compiled.get(pointer) ?? ajv.compile({ $ref: `openapi.json#/${pointer}` });
    compiled.set(pointer, known);
    return known;
  }

  async function judge(method: string, url: URL, response: Response): Promise<void> {
    const path = Object.keys(paths).find((template) => matches(template, url.pathname));
    const operation = paths[path ?? '']?.[method.toLowerCase()];
    const name = `${method} ${url.pathname} ${response.status}`;
    if (path === undefined || operation === undefined) throw new Error(`${name}: the route is not described`);
    const status = String(response.status);
    const described = operation.responses[status];
    if (described === undefined) throw new Error(`${name}: the status is not described: ${await response.text()}`);
    seen.add(`${operation.operationId} ${status}`);
    const type = (response.headers.get('content-type') ?? '').toLowerCase();
    // Its events are held one by one by whoever hears them: it has no end.
    const body = isEvents(response) ? '' : await response.text();
    if (described.content === undefined) {
      if (body !== '') throw new Error(`${name}: there should be no body`);
      return;
    }
    const media = Object.keys(described.content).find((known) => type === known || type.split(';')[0] === known);
    if (media === undefined) throw new Error(`${name}: the type ${type} is not described`);
    if (!/[/+]json\b/.test(media)) return;
    const place = ['paths', path, method.toLowerCase(), 'responses', status, 'content', media, 'schema'];
    hold(place, JSON.parse(body), name);
  }

  function hold(place: readonly string[], value: unknown, name = place.join(' ')): void {
    const validate = validatorAt(...place);
    if (!validate(value))
      throw new Error(`${name}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(value).slice(0, 1000)}`);
  }

  return {
    seen,
    hold: (place, value) => hold(place, value),
    operations: Object.values(paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId)),
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const response = await ask(request.clone());
      await judge(request.method, new URL(request.url), isEvents(response) ? response : response.clone());
      return response;
    },
  };
}

function isEvents(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('text/event-stream') === true;
}

/** The most exact comes first in the document where two match. */
function matches(template: string, path: string): boolean {
  const wanted = template.split('/');
  const given = path.split('/');
  return wanted.length === given.length && wanted.every((part, index) => part.startsWith('{') || part === given[index]);
}
