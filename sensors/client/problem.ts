/** What the network answers when it refuses: RFC 9457 problem+json with a stable `code`. */
export type NetworkProblem = {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly remedy: string | null;
  /** Of `clock-skew`: the server's clock, Unix milliseconds. */
  readonly serverMs: number | null;
  /** Of `nonce-too-old`: the highest nonce that the network has seen of this device. */
  readonly highest: string | null;
};

export async function readProblem(response: Response): Promise<NetworkProblem> {
  const text = await response.text();
  const body = parseObject(text);
  const textOf = (name: string): string | null => {
    const value = body[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    status: response.status,
    code: textOf('code') ?? `http-${response.status}`,
    detail: textOf('detail') ?? textOf('title') ?? (text.slice(0, 200) || 'the answer has no text'),
    remedy: textOf('remedy'),
    serverMs: serverTime(body['server-time'] ?? body['serverTime']) ?? serverTime(response.headers.get('date')),
    highest: textOf('highest'),
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {}; // a proxy's page in place of our problem: status and text still say what happened
  }
}

/** The end of the year 9999. */
const LATEST_MS = 253_402_300_799_999;

/** Unix seconds, RFC 3339 or an HTTP date. */
function serverTime(value: unknown): number | null {
  const ms = typeof value === 'number' ? value * 1000 : typeof value === 'string' ? Date.parse(value) : Number.NaN;
  // The device sets its clock by it: what is no time ever would silence it for good.
  return ms >= 0 && ms <= LATEST_MS ? ms : null;
}
