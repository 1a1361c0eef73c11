/**
 * A route's response as a tool's result. A price is told as the x402 transport for MCP has it: an error whose structured
 * content is the PaymentRequired; the receipt of a payment comes back in `_meta`.
 */
import type { CallToolResult } from '@modelcontextprotocol/server';
import { decodeWire, PAYMENT_REQUIRED, PAYMENT_RESPONSE } from '../middleware/x402-wire.ts';

export const PAYMENT_META = 'x402/payment';
const RECEIPT_META = 'x402/payment-response';

export async function toToolResult(response: Response): Promise<CallToolResult> {
  const body: unknown = await response.json();
  const facts = typeof body === 'object' && body !== null ? { ...body } : { value: body };
  if (response.ok) {
    const receipt = decodeWire(response.headers.get(PAYMENT_RESPONSE));
    return { ...content(facts), ...(receipt === null ? {} : { _meta: { [RECEIPT_META]: receipt } }) };
  }
  const required = response.status === 402 ? decodeWire(response.headers.get(PAYMENT_REQUIRED)) : null;
  // The problem goes along: it says in words what the price is for and what else could be done.
  return { ...content(required === null ? facts : { ...required, problem: facts }), isError: true };
}

function content(facts: Readonly<Record<string, unknown>>): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(facts) }], structuredContent: facts };
}
