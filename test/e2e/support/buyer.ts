/** A buyer with the stock client, who keeps the header it sent so that a test can send it again. */
import { wrapFetchWithPayment, x402Client, x402HTTPClient } from '@x402/fetch';
import { ExactEvmScheme } from '@x402/evm/exact/client';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';

export type Buyer = ReturnType<typeof createBuyer>;

/** `most`: USDC base units that one payment may cost. */
export function createBuyer(usdc: string, most = '1000000') {
  const account = privateKeyToAccount(generatePrivateKey());
  const client = new x402Client()
    .register('eip155:*', new ExactEvmScheme(account))
    .setSpendControls({ allowedAssets: [{ network: 'eip155:10', asset: usdc, maxAmountPerPayment: most }] });
  const http = new x402HTTPClient(client);
  const headers: string[] = [];
  const remembering: typeof fetch = (input, init) => {
    const request = new Request(input, init);
    const header = request.headers.get('PAYMENT-SIGNATURE');
    if (header !== null) headers.push(header);
    return fetch(request);
  };
  return {
    account,
    /** Every payment header that was sent. */
    headers,
    fetch: wrapFetchWithPayment(remembering, client),
    /** Asks, signs what is asked for, and sends nothing. */
    async sign(url: string, init?: RequestInit): Promise<string> {
      const response = await fetch(url, init);
      const required = http.getPaymentRequiredResponse((name) => response.headers.get(name), await response.json());
      const signed = http.encodePaymentSignatureHeader(await client.createPaymentPayload(required));
      return signed['PAYMENT-SIGNATURE'] ?? '';
    },
  };
}

export const send = (url: string, header: string): Promise<Response> =>
  fetch(url, { headers: { 'PAYMENT-SIGNATURE': header } });

export const post = (body: object, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
});

/** As a careful client does: the same header again while the server says so in Retry-After. */
export async function sendUntilAnswered(url: string, header: string): Promise<Response> {
  for (;;) {
    const response = await send(url, header);
    if (response.headers.get('retry-after') === null) return response;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
