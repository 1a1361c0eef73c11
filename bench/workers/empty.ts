/** The least a network of this shape can do with a post: read the body, call an object, insert one row, answer. */
import { DurableObject } from 'cloudflare:workers';

type Bindings = { readonly EMPTY: DurableObjectNamespace<EmptyObject> };

export class EmptyObject extends DurableObject<Bindings> {
  #seq: number;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec('CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID');
    // It goes on where it was, should it rest between two measurements.
    this.#seq = Number(sql.exec('SELECT coalesce(max(seq), 0) AS last FROM log').one()['last']);
  }

  async insert(body: Uint8Array): Promise<number> {
    this.#seq++;
    this.ctx.storage.sql.exec('INSERT INTO log VALUES (?, ?)', this.#seq, body);
    return this.#seq;
  }
}

export default {
  async fetch(request, env) {
    const body = new Uint8Array(await request.arrayBuffer());
    return Response.json({ seq: await env.EMPTY.getByName('empty').insert(body) }, { status: 201 });
  },
} satisfies ExportedHandler<Bindings>;
