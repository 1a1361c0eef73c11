/**
 * A fetch that sends a paid request again, with the same header, while the server asks for it (503 or 409 with
 * Retry-After). The stock x402 client would hand the 503 to its caller, and asking anew would pay anew.
 */
const LONGEST_WAIT_MS = 120_000;

export function resendWhileAsked(send: typeof fetch, say: (sentence: string) => void): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const paid = request.headers.has('PAYMENT-SIGNATURE');
    const giveUpMs = Date.now() + LONGEST_WAIT_MS;
    for (;;) {
      const response = await send(request.clone());
      const waitSeconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      const again = paid && (response.status === 503 || response.status === 409) && Number.isFinite(waitSeconds);
      if (!again || Date.now() > giveUpMs) return response;
      say('The payment is not on the chain yet; sending the same header again.');
      await response.body?.cancel();
      await new Promise((resolve) => setTimeout(resolve, Math.max(1, waitSeconds) * 1000));
    }
  };
}
