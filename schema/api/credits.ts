/** Credits: `/v1/credits`. Amounts are decimal strings: USDC base units, and USDC as people write it. */
export type Amount = { readonly amount: string; readonly usdc: string };

export type ApiKey = {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly ('read' | 'export' | 'stream')[];
  readonly created: string;
  readonly expires: string | null;
  /** In a calendar month of UTC. */
  readonly monthlyLimit: Amount | null;
  /** UTC day. */
  readonly lastUsed: string | null;
  readonly revoked: string | null;
};

/** `POST /v1/credits/top-ups`. A resend of the same payment brings the same. */
export type TopUpAnswer = {
  /** The wallet that paid. */
  readonly account: string;
  readonly credited: Amount;
  readonly transaction: string;
  /** The key that was asked for. */
  readonly key: { readonly id: string; readonly secret: string } | null;
};

/** `GET /v1/credits` */
export type CreditsAnswer = {
  readonly account: string;
  readonly balance: Amount;
  /** By purchases that are being answered. */
  readonly held: Amount;
  readonly available: Amount;
  readonly toppedUp: Amount;
  /** The key that asks; null: the wallet asks. */
  readonly key: ApiKey | null;
};

/** `GET /v1/credits/keys` */
export type KeysAnswer = { readonly keys: readonly ApiKey[] };

/** `POST /v1/credits/keys`: the one time that the secret is shown. */
export type NewKeyAnswer = ApiKey & { readonly secret: string };

/** `GET /v1/credits/usage`: one row a day and key, oldest first; `Link: rel=next` where there are more. */
export type UsageAnswer = {
  readonly from: string;
  readonly until: string;
  readonly usage: readonly {
    readonly day: string;
    readonly key: string;
    readonly queries: number;
    /** Device-quantity-hours answered. */
    readonly units: number;
    readonly spent: Amount;
  }[];
};
