/**
 * `node generate-client.ts DOCUMENT FOLDER`: a client by @hey-api/openapi-ts. It writes TypeScript through the compiler's old
 * programming interface, which TypeScript 7 no longer has: it is given the last version that does.
 */
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'typescript'
      ? next('typescript-6', { ...context, parentURL: import.meta.url })
      : next(specifier, context),
});
const { createClient } = await import('@hey-api/openapi-ts');
const [, , input = '', output = ''] = process.argv;
await createClient({
  input,
  output,
  logs: { level: 'silent' },
  plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
});
