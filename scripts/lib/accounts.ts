/** Keys and tokens of a local network, all from one seed: the same folder has the same accounts at every start. */
import { createHmac } from 'node:crypto';
import { privateKeyToAccount } from 'viem/accounts';

export type LocalAccount = { readonly address: `0x${string}`; readonly privateKey: `0x${string}` };

/** Each has its own key, as on a real network: who may commit can neither revoke nor administrate. */
export type LocalAccounts = {
  readonly deployer: LocalAccount;
  readonly admin: LocalAccount;
  readonly guardian: LocalAccount;
  readonly committer: LocalAccount;
  readonly settler: LocalAccount;
  readonly buyer: LocalAccount;
  readonly regionalOperator: LocalAccount;
  readonly treasury: LocalAccount;
  /** Stations are shared out among them; the first is `owner` in local.json. */
  readonly owners: readonly LocalAccount[];
};

const OWNERS = 4;

/** 32 bytes, hex: HMAC-SHA-256 of the purpose under the seed. */
export function derive(seed: string, purpose: string): string {
  return createHmac('sha256', Buffer.from(seed, 'hex')).update(`isobar-local/${purpose}`).digest('hex');
}

export function accountsOf(seed: string): LocalAccounts {
  const account = (purpose: string): LocalAccount => {
    const privateKey = `0x${derive(seed, purpose)}` as const;
    return { address: privateKeyToAccount(privateKey).address, privateKey };
  };
  return {
    deployer: account('deployer'),
    admin: account('admin'),
    guardian: account('guardian'),
    committer: account('committer'),
    settler: account('settler'),
    buyer: account('buyer'),
    regionalOperator: account('regional-operator'),
    treasury: account('treasury'),
    owners: Array.from({ length: OWNERS }, (_, index) => account(`owner-${index + 1}`)),
  };
}
