import { expect, test } from 'vitest';
import { unstable_readConfig as readConfig } from 'wrangler';

test("the platform keeps no request's headers, of which one is an exact position", () => {
  expect(readConfig({ config: 'worker/registry/wrangler.toml' }).observability?.logs?.invocation_logs).toBe(false);
});
