/** Sales made for a test. */
import { creditSaleId, paymentSaleId, type Sale, type ServedUnits } from '../../core/reward/sale.ts';
import type { UsageFacts } from '../../core/reward/usage.ts';

const bytes = (n: number, length: number): string => `0x${n.toString(16).padStart(length * 2, '0')}`;

export const AUCTION = bytes(0xa0c, 20);
export const TREASURY = bytes(0x7ea, 20);
export const PAYEES = { auction: AUCTION, treasury: TREASURY };

export function sale(n: number, usdc: bigint, served: readonly ServedUnits[], soldMs = n): Sale {
  const payment = { payer: bytes(0xb0b, 20), nonce: bytes(n, 32) };
  return { id: paymentSaleId(payment), kind: 'x402', usdc, served, transaction: bytes(n + 1, 32), soldMs };
}

export function topUp(n: number, usdc: bigint, soldMs = n): Sale {
  return { ...sale(n, usdc, [], soldMs), kind: 'top-up' };
}

export function spending(n: number, usdc: bigint, served: readonly ServedUnits[], soldMs = n): Sale {
  return { id: creditSaleId('account', n), kind: 'credit', usdc, served, transaction: null, soldMs };
}

export function usageOf(sales: readonly Sale[], more: Partial<UsageFacts> = {}): UsageFacts {
  return { sales, payees: PAYEES, operators: [], devices: [], ...more };
}
