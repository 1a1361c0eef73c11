/** What the cron Worker is given: the Minter's bindings and the Minter itself. It alone holds the committer's key. */
import { parseOwnerAddress } from '../../core/ids.ts';
import { NOBODY } from '../../core/reward/split.ts';
import { err, ok, type Result } from '../../core/result.ts';
import {
  checkMinterConfig,
  type BadMinterConfig,
  type MinterBindings,
  type MinterConfig,
} from '../../durable-objects/minter/config.ts';
import type { Minter } from '../../durable-objects/minter/minter.ts';

export type CronBindings = MinterBindings & {
  readonly MINTER: DurableObjectNamespace<Minter>;
  /** Gets the rest of every sale: rounding, and the parts that have no payee. */
  readonly TREASURY_ADDRESS: string;
};

export type CronConfig = MinterConfig & { readonly treasury: string };

export function checkCronConfig(env: CronBindings): Result<CronConfig, BadMinterConfig> {
  const config = checkMinterConfig(env);
  if (!config.ok) return config;
  const treasury = parseOwnerAddress(env.TREASURY_ADDRESS);
  // A batch that pays the zero address reverts as a whole.
  if (!treasury.ok || treasury.value === NOBODY)
    return err({
      reason: 'bad-config',
      variable: 'TREASURY_ADDRESS',
      detail: 'must be 0x and 40 hex digits, not all 0',
    });
  return ok({ ...config.value, treasury: treasury.value });
}
