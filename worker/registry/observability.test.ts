import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { unstable_readConfig as readConfig } from 'wrangler';

test("the platform keeps no request's headers, of which one is an exact position", () => {
  const config = fileURLToPath(new URL('wrangler.toml', import.meta.url));
  expect(readConfig({ config }).observability?.logs?.invocation_logs).toBe(false);
});
