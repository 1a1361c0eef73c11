/**
 * The Model Context Protocol over streamable HTTP, without sessions: each request is answered by itself, in both the
 * current revision and that of 2025. Loads the protocol's SDK, so it is imported on first use.
 */
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import { encodeWire, PAYMENT_SIGNATURE } from '../middleware/x402-wire.ts';
import { PAYMENT_META, toToolResult } from './answer.ts';
import { TOOLS, type Arguments } from './tools.ts';

/** Asks a route of the API, as a request from outside would. */
export type Ask = (request: Request) => Promise<Response>;

const MAX_BODY_BYTES = 64 * 1024;
/** Of the MCP request; what pays, and who is asking. */
const PASSED_ON = ['authorization', 'cf-connecting-ip'];
const INSTRUCTIONS =
  'Isobar is an open network of environmental sensors; every value is signed by its sensor and judged by public rules. ' +
  'Find sensors first, then ask for latest values (free, an hour old) or a history (paid in USDC).';

export function serveMcp(request: Request, ask: Ask): Promise<Response> {
  const handler = createMcpHandler(() => createServer(request, ask), {
    responseMode: 'json',
    maxRequestBodySize: MAX_BODY_BYTES,
  });
  return handler.fetch(request);
}

function createServer(request: Request, ask: Ask): McpServer {
  const server = new McpServer({ name: 'isobar', version: '1', title: 'Isobar' }, { instructions: INSTRUCTIONS });
  const headers = new Headers({ accept: 'application/json' });
  for (const name of PASSED_ON) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  for (const { name, title, description, properties, required, path } of TOOLS) {
    const inputSchema = fromJsonSchema<Arguments>({
      type: 'object',
      properties,
      required: [...required],
      additionalProperties: false,
    });
    server.registerTool(
      name,
      { title, description, inputSchema, annotations: { readOnlyHint: true, openWorldHint: true } },
      async (given, { mcpReq }) => {
        const asked = new Headers(headers);
        const payment = mcpReq._meta?.[PAYMENT_META];
        if (typeof payment === 'object' && payment !== null) asked.set(PAYMENT_SIGNATURE, encodeWire(payment));
        return toToolResult(await ask(new Request(new URL(path(given), request.url), { headers: asked })));
      },
    );
  }
  return server;
}
