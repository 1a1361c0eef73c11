/**
 * The database that sales are delivered to, and epochs that count them. Lost, it comes back as the epoch close brings it
 * back: with what committed epochs counted, and without anything else.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/lib/files.ts';
import { Sqlite } from './model-storage.ts';

const TABLES = readFileSync(join(ROOT, 'schema/d1/migrations/0000_initial.sql'), 'utf8').replaceAll(
  '--> statement-breakpoint',
  '',
);

type Counted = { readonly epoch: number; readonly usdc: string; readonly served: string };

export class SalesModel {
  readonly database = new Sqlite();
  readonly #counted = new Map<string, Counted>();
  #epoch = 0;

  constructor() {
    this.database.script(TABLES);
  }

  /**
   * An epoch counts what is open, and becomes final.
   * @param final payments, `payer nonce`, that the chain keeps for good
   * @return what is wrong with that
   */
  count(final: ReadonlySet<string>): readonly string[] {
    const epoch = ++this.#epoch;
    const rows = this.database.all('SELECT id, usdc, served FROM sale WHERE epoch IS NULL ORDER BY id');
    const twice = rows.filter(({ id }) => this.#counted.has(String(id)));
    for (const { id, usdc, served } of rows)
      this.#counted.set(String(id), { epoch, usdc: String(usdc), served: String(served) });
    this.database.all('UPDATE sale SET epoch = ? WHERE epoch IS NULL', [epoch]);
    this.#addEpoch(epoch);
    const early = rows.filter(({ id }) => !final.has(String(id).slice('x402:'.length).replace(':', ' ')));
    return [
      ...twice.map(({ id }) => `${String(id)} was counted twice`),
      ...early.map(({ id }) => `${String(id)} was counted before it was final`),
    ];
  }

  /** True: there was something to lose. */
  lose(): boolean {
    const open = this.database.all('SELECT id FROM sale WHERE epoch IS NULL').length;
    this.database.all('DELETE FROM sale');
    this.database.all('DELETE FROM epoch');
    for (let epoch = 1; epoch <= this.#epoch; epoch++) this.#addEpoch(epoch);
    for (const [id, { epoch, usdc, served }] of this.#counted)
      this.database.all(
        `INSERT INTO sale (id, kind, usdc, served, transaction_hash, sold_ms, epoch) VALUES (?, 'x402', ?, ?, '', 0, ?)`,
        [id, usdc, served, epoch],
      );
    return open > 0;
  }

  #addEpoch(epoch: number): void {
    this.database.all(
      `INSERT INTO epoch (epoch, state, root, total, reserved, usdc_total, sales, usage_hash, recipients, devices,
         batch_count, report_hash, rule_set_hash, data_root, computed_ms, mint_hashes)
       VALUES (?, 'final', '', '0', '0', '0', 0, '', 0, 0, 0, '', '', '', 0, '[]')`,
      [epoch],
    );
  }

  /** @param charges by `payer nonce`; each of them has to be counted, and nothing else */
  judge(charges: ReadonlyMap<string, number>): readonly string[] {
    const paid = new Set([...charges.keys()].map((payment) => `x402:${payment.replace(' ', ':')}`));
    return [
      ...[...paid].filter((id) => !this.#counted.has(id)).map((id) => `${id} was paid and never counted`),
      ...[...this.#counted.keys()].filter((id) => !paid.has(id)).map((id) => `${id} was counted and not paid`),
    ];
  }
}
