/** What the network says when it gives no answer: RFC 9457 problem+json with a stable `code`. */
export type Problem = {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly remedy: string | null;
};

/** A proxy's page in place of a problem gives at least status and text. */
export function parseProblem(status: number, text: string): Problem {
  const body = parseObject(text);
  const textOf = (name: string): string | null => (typeof body[name] === 'string' ? body[name] : null);
  return {
    status,
    code: textOf('code') ?? `http-${status}`,
    detail: textOf('detail') ?? textOf('title') ?? (text.slice(0, 200) || 'the answer has no text'),
    remedy: textOf('remedy'),
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
