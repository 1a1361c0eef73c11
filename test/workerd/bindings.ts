/** Variables and secrets of the Worker under test. The keys are test keys: they hold nothing anywhere. */
export const TEST_BINDINGS = {
  RULES: 'local',
  CHAIN_ID: '10',
  // Nothing listens on port 1: a test that needs a chain runs in test/e2e.
  RPC_URL: 'http://127.0.0.1:1',
  AUTHORITIES: 'isobar.test,localhost',
  TOKEN_ADDRESS: '0x0000000000000000000000000000000000000001',
  DISTRIBUTOR_ADDRESS: '0x0000000000000000000000000000000000000002',
  TREASURY_ADDRESS: '0x0000000000000000000000000000000000000007',
  USDC_ADDRESS: '0x0000000000000000000000000000000000000003',
  INGEST_TAG_KEY: 'test-only-ingest-tag-key',
  ADMIN_TOKEN: 'test-only-admin-token',
  SETTLER_PRIVATE_KEY: `0x${'11'.repeat(32)}`,
  COMMITTER_PRIVATE_KEY: `0x${'22'.repeat(32)}`,
  MAX_TRANSACTION_FEE_WEI: '10000000000000000',
} as const;
