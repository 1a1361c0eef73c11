/** core/ encodes a batch by hand; a chain library must agree with every byte of it. */
import fc from 'fast-check';
import { encodeAbiParameters, keccak256, parseAbiParameters } from 'viem';
import { expect, test } from 'vitest';
import type { BatchFields } from '../../core/reward/abi.ts';
import { batchLeaf, type Hex } from '../../core/reward/merkle.ts';

const ABI = parseAbiParameters('uint64, uint32, address[], uint256[], uint256[]');
const anyAddress = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((raw): Hex => `0x${Buffer.from(raw).toString('hex')}`);
const anyAmounts = fc.array(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), { maxLength: 5 });

test('a leaf is what the contract computes: the ABI encoding, hashed twice', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.nat({ max: 0xffff }),
      fc.array(anyAddress, { maxLength: 5 }),
      anyAmounts,
      anyAmounts,
      (epoch, index, to, amount, usdcAmount) => {
        const batch: BatchFields = { epoch, index, to, amount, usdcAmount };
        const encoded = encodeAbiParameters(ABI, [BigInt(epoch), index, to, amount, usdcAmount]);
        expect(batchLeaf(batch)).toBe(keccak256(keccak256(encoded)));
      },
    ),
  );
});
