/** The MCP Worker: `/mcp` for language models. It holds nothing and may nothing but ask the edge Worker. */
import { serveMcp } from './serve.ts';

export type McpBindings = { readonly EDGE: Fetcher };

export default {
  fetch: (request, env) => serveMcp(request, (asked) => env.EDGE.fetch(asked)),
} satisfies ExportedHandler<McpBindings>;
