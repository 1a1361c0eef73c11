/** A client that a published generator writes from the document that the network serves. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { run } from '../../../scripts/lib/run.ts';

export type Asked = {
  readonly path?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Null: the body goes as it is. */
  readonly bodySerializer?: null;
  readonly auth?: string;
  readonly fetch?: typeof fetch;
  readonly signal?: AbortSignal;
};
export type Answered = {
  readonly data?: unknown;
  readonly error?: unknown;
  readonly response: Response | undefined;
  /** Of server-sent events, in place of all others. */
  readonly stream?: AsyncIterable<unknown>;
};
export type GeneratedClient = Readonly<Record<string, (asked: Asked) => Promise<Answered>>>;

export async function generateClient(documentUrl: string, folder: string): Promise<GeneratedClient> {
  const { exitCode, output } = await run([
    'node',
    join(import.meta.dirname, 'generate-client.ts'),
    documentUrl,
    folder,
  ]);
  if (exitCode !== 0) throw new Error(`the client was not generated: ${output}`);
  const file = join(folder, 'client.mjs');
  await build({
    stdin: { contents: `export * from './sdk.gen'; export { client } from './client.gen';`, resolveDir: folder },
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
  });
  const { client, ...functions } = (await import(pathToFileURL(file).href)) as Record<string, never>;
  return Object.fromEntries(
    Object.entries(functions).map(([name, ask]: [string, (asked: object) => Promise<Answered>]) => [
      name,
      (asked: Asked) => ask({ baseUrl: new URL(documentUrl).origin, client, ...asked }),
    ]),
  );
}
