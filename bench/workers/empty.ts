/** The least a network of this shape can do with a post: read the body, call an object, insert one row, answer. */
import { DurableObject } from 'cloudflare:workers';

type Bindings = { readonly EMPTY: DurableObjectNamespace<EmptyObject> };

export class EmptyObject extends DurableObject<Bindings> {
  #seq = 0;

  async insert(body: Uint8Array): Promise<number> {
    if (this.#seq === 0) {
      this.ctx.storage.sql.exec(
        'CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID',
      );
    }
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
