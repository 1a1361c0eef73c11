/** `/v1/webhooks`, and the messages that receivers get. Times are RFC 3339. */
export type WebhookAnswer = {
  readonly id: string;
  readonly url: string;
  readonly on: 'threshold' | 'recall';
  /** Of a threshold. */
  readonly quantity?: string;
  readonly above?: number;
  readonly below?: number;
  readonly cell?: string;
  readonly devices?: readonly string[];
  readonly state: 'unconfirmed' | 'active' | 'paused';
  readonly created: string;
};

/** The secret signs the messages (Standard Webhooks, `whsec_` and base64); it is told this once. */
export type WebhookCreated = WebhookAnswer & { readonly secret: string };
export type WebhooksAnswer = { readonly webhooks: readonly WebhookAnswer[] };

export type DeliveriesAnswer = {
  readonly deliveries: readonly {
    readonly id: string;
    readonly type: string;
    readonly created: string;
    readonly attempts: number;
    readonly state: 'waiting' | 'delivered' | 'failed';
    readonly status: number | null;
    readonly next: string | null;
  }[];
};

export type TestMessage = {
  readonly type: 'webhook.test';
  readonly timestamp: string;
  readonly data: { readonly webhook: string };
};

/** One message an hour: the devices whose hourly mean crossed the limit in it. */
export type ThresholdMessage = {
  readonly type: 'threshold.raised' | 'threshold.cleared';
  /** End of the hour. */
  readonly timestamp: string;
  readonly data: {
    readonly webhook: string;
    readonly quantity: string;
    readonly unit: string;
    readonly above?: number;
    readonly below?: number;
    readonly start: string;
    readonly devices: readonly { readonly device: string; readonly value: number }[];
  };
};

export type RecallMessage = {
  readonly type: 'data.recalled';
  readonly timestamp: string;
  readonly data: {
    readonly webhook: string;
    /** `x402:{payer}:{nonce}` or `credit:{account}:{n}`. */
    readonly sale: string;
    readonly reason: string;
    /** What was recalled by an operator; null: the verdict on hours that were sold before it was known. */
    readonly recall: RecallFacts | null;
    readonly hours: readonly {
      readonly device: string;
      readonly quantity: string;
      readonly start: string;
      /** QARTOD: 3 suspect, 4 fail. */
      readonly flag: number;
    }[];
  };
};

export type RecallFacts = {
  readonly id: string;
  readonly device: string;
  /** Null: all. */
  readonly quantities: readonly string[] | null;
  readonly from: string;
  readonly until: string;
};

export type RecallsAnswer = {
  readonly recalls: readonly (RecallFacts & { readonly reason: string; readonly created: string })[];
};
