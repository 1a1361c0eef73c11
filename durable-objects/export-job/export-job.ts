/** One export: its RPC surface and its alarm. clerk.ts does the work, store.ts remembers how far it is. */
import { DurableObject } from 'cloudflare:workers';
import type { ExportOrder } from '../../core/export/order.ts';
import type { ExportJobApi, ExportJobBindings, ExportStatus } from './api.ts';
import { Clerk } from './clerk.ts';

export class ExportJob extends DurableObject<ExportJobBindings> implements ExportJobApi {
  readonly #clerk: Clerk;

  constructor(state: DurableObjectState, bindings: ExportJobBindings) {
    super(state, bindings);
    this.#clerk = new Clerk(state.storage, bindings);
  }

  async prepare(order: ExportOrder): Promise<void> {
    await this.#clerk.prepare(order, Date.now());
  }

  begin(): Promise<ExportStatus | null> {
    return this.#clerk.begin(Date.now());
  }

  restart(): Promise<ExportStatus | null> {
    return this.#clerk.restart(Date.now());
  }

  override async alarm(): Promise<void> {
    await this.#clerk.step();
  }
}
