/** `GET /v1/owners/{address}/statement?epoch=N`: an owner's epoch explained to the last unit, for that owner. */
import { Hono, type Context } from 'hono';
import { parseEpochNumber, parseOwnerAddress, type OwnerAddress } from '../../core/ids.ts';
import { emissionOf } from '../../core/reward/emission.ts';
import { hashReport, reportKey, type EpochReport } from '../../core/reward/report.ts';
import { lateEpochsOf, statementOf, type Statement, type StatementLine } from '../../core/reward/statement.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { StatementAnswer, StatementDevice } from '../../schema/api/owners.ts';
import { readEpochRow, readNames, type EpochRow } from '../adapters/d1/public.ts';
import { readDayScores } from '../adapters/d1/statements.ts';
import type { AppEnv } from '../context.ts';
import { problem, type Refusal } from '../middleware/problem.ts';
import { readWallet } from '../middleware/wallet.ts';

export const statementRoutes = new Hono<AppEnv>().get('/v1/owners/:address/statement', async (c) => {
  const owner = parseOwnerAddress(c.req.param('address'));
  if (!owner.ok) return problem(c, owner.error);
  const epoch = parseEpochNumber(c.req.query('epoch') ?? '');
  if (!epoch.ok) return problem(c, { reason: 'bad-query', parameter: 'epoch', detail: 'give the number of an epoch' });
  const signedIn = await readWallet(c);
  if (!signedIn.ok) return problem(c, signedIn.error);
  const signer = signedIn.value.address;
  if (signer !== owner.value) return problem(c, { reason: 'not-the-owner', signer, owner: owner.value });
  const read = await readReport(c.env, epoch.value);
  if (!read.ok) return problem(c, read.error);
  const { row, report } = read.value;
  const earlier: EpochReport[] = [];
  for (const late of lateEpochsOf(report, owner.value)) {
    const one = await readReport(c.env, late);
    if (!one.ok) return problem(c, one.error);
    earlier.push(one.value.report);
  }
  const answer = await toAnswer(c, owner.value, row, report, earlier);
  return c.json(answer, 200, { 'cache-control': 'private, no-store' });
});

type Read = { readonly row: EpochRow; readonly report: EpochReport };

/** The report is believed under the hash that was committed. */
async function readReport(env: AppEnv['Bindings'], epoch: number): Promise<Result<Read, Refusal>> {
  const row = await readEpochRow(env.DB, epoch);
  if (row === null) return err({ reason: 'no-such', kind: 'epoch', given: String(epoch) });
  const text = await (await env.ARCHIVE.get(reportKey(row.reportHash)))?.text();
  if (text === undefined || hashReport(text) !== row.reportHash) {
    return err({ reason: 'no-such', kind: 'report', given: row.reportHash });
  }
  return ok({ row, report: JSON.parse(text) as EpochReport });
}

async function toAnswer(
  c: Context<AppEnv>,
  owner: OwnerAddress,
  row: EpochRow,
  report: EpochReport,
  earlier: readonly EpochReport[],
): Promise<StatementAnswer> {
  const { reward } = c.var.config.rules;
  const own = [...report.devices, ...report.late.flatMap(({ devices }) => devices), ...report.usage.devices]
    .filter((device) => device.owner === owner)
    .map(({ device }) => device);
  const epochs = [report, ...earlier].map(({ epoch }) => epoch);
  const [scores, names] = await Promise.all([readDayScores(c.env.DB, own, epochs), readNames(c.env.DB, own)]);
  const statement = statementOf(report, earlier, owner, scores, reward);
  const base = (emissionOf(report.index, reward) * BigInt(reward.baseBps)) / 10_000n;
  const { batch } = statement;
  return {
    owner,
    epoch: report.epoch,
    state: row.state,
    pot: {
      base: String(base),
      demand: String(BigInt(report.pot) - base),
      total: report.pot,
      divisor: report.divisor,
    },
    ...amountsOf(statement),
    usdc: String(statement.usdc),
    sales: statement.sales.map((line) => ({
      ...line,
      name: line.part === 'device' ? (names.get(line.of ?? '') ?? line.of) : null,
      usdc: String(line.usdc),
    })),
    devices: statement.lines.map((line) => toDevice(line, report.epoch, names)),
    payment: batch && {
      batch: batch.index,
      position: batch.position,
      commitTransaction: row.commitHash,
      mintTransactions: row.mintHashes,
    },
    reportHash: row.reportHash,
  };
}

function amountsOf({ amount, base, demand, withheld }: Statement | StatementLine) {
  return { amount: String(amount), base: String(base), demand: String(demand), withheld: String(withheld) };
}

function toDevice(line: StatementLine, epoch: number, names: ReadonlyMap<string, string>): StatementDevice {
  const { row } = line;
  return {
    device: row.device,
    name: names.get(row.device) ?? row.device,
    region: row.cell,
    epoch: line.epoch,
    isLate: line.epoch !== epoch,
    scoreBps: row.scoreBps,
    score30Bps: row.score30Bps,
    tier: row.tier,
    density: row.density,
    rank: row.rank,
    slotBps: row.slotBps,
    alike: row.alike ?? null,
    full: String(line.full),
    costs: line.costs.map(({ amount, ...cost }) => ({ ...cost, amount: String(amount) })),
    earned: String(line.earned),
    ...amountsOf(line),
  };
}
