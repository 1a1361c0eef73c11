/** Before each test file: the database as the migrations make it. Storage is isolated per file by the plugin. */
import { applyD1Migrations } from 'cloudflare:test';
import { env } from 'cloudflare:workers';

await applyD1Migrations(env.DB, env.MIGRATIONS);
