// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {UsdcPayouts} from "../src/UsdcPayouts.sol";
import {Batch, BatchTree} from "./support/BatchTree.sol";
import {Fixture} from "./support/Fixture.sol";
import {OddUsdc} from "./support/OddUsdc.sol";
import {bounded, vm} from "./support/Vm.sol";

contract UsdcPayoutsTest is Fixture {
    function test_aBlockedRecipientStopsNobodyAndClaimsLater() public {
        Batch[] memory batches = _one(_batch("a", 3, ONE, 10));
        address blocked = batches[0].to[1];
        _commitFunded(batches);
        usdc.blacklist(blocked, true);
        vm.expectEmit(address(distributor));
        emit UsdcPayouts.UsdcOwed(blocked, FIRST, 10);
        _mint(FIRST, 0, batches);
        vm.assertEq(token.balanceOf(blocked), ONE, "its tokens are minted");
        vm.assertEq(usdc.balanceOf(batches[0].to[2]), 10, "the next one is paid");
        vm.assertEq(distributor.claimable(blocked), 10, "claimable");

        vm.expectRevert(abi.encodeWithSelector(UsdcPayouts.UsdcTransferFailed.selector, blocked));
        distributor.claimUsdc(blocked);
        vm.assertEq(distributor.claimable(blocked), 10, "a failed claim keeps the claim");

        usdc.blacklist(blocked, false);
        vm.expectEmit(address(distributor));
        emit UsdcPayouts.UsdcClaimed(blocked, 10);
        vm.prank(stranger);
        distributor.claimUsdc(blocked);
        vm.assertEq(usdc.balanceOf(blocked), 10, "USDC");
        vm.assertEq(distributor.usdcOwed(), 0, "usdcOwed");

        vm.expectRevert(abi.encodeWithSelector(UsdcPayouts.NothingOwed.selector, blocked));
        distributor.claimUsdc(blocked);
    }

    function test_whatIsOwedFromSeveralEpochsAddsUp() public {
        Batch[] memory batches = _one(_batch("a", 2, 0, 10));
        usdc.mint(address(distributor), 40);
        usdc.blacklist(batches[0].to[0], true);
        _commit(FIRST, batches, 0);
        _commit(FIRST + 1, batches, 0);
        _mature();
        _mint(FIRST, 0, batches);
        _mint(FIRST + 1, 0, batches);
        vm.assertEq(distributor.claimable(batches[0].to[0]), 20, "claimable");
        vm.assertEq(distributor.usdcOwed(), 20, "usdcOwed");
        vm.assertEq(distributor.usdcPromised(), 0, "usdcPromised");
    }

    function test_theLastBatchFreesWhatThePromiseLeaves() public {
        Batch[] memory batches = new Batch[](2);
        batches[0] = _batch("a", 1, 0, 10);
        batches[1] = _batch("b", 1, 0, 10);
        usdc.mint(address(distributor), 25);
        _commitRaw(FIRST, BatchTree.root(BatchTree.leaves(FIRST, batches)), 0, 0, 25, 2);
        _mature();
        _mint(FIRST, 1, batches);
        vm.assertEq(distributor.usdcPromised(), 15, "before the last batch");
        _mint(FIRST, 0, batches);
        vm.assertEq(distributor.usdcPromised(), 0, "after the last batch");
        vm.assertEq(distributor.usdcFree(), 5, "free");
    }

    function test_aZeroShareMakesNoTransfer() public {
        OddUsdc odd = _odd(OddUsdc.Answer.True);
        Batch[] memory batches = _one(_batch("a", 3, ONE, 0));
        batches[0].usdc[1] = 4;
        odd.mint(address(distributor), 4);
        _commit(FIRST, batches, 0);
        _mature();
        _mint(FIRST, 0, batches);
        vm.assertEq(odd.transfers(), 1, "only the one with a share was tried");
        vm.assertEq(odd.balanceOf(batches[0].to[1]), 4, "and paid");
    }

    function test_aTokenThatAnswersTrueOrNothingHasPaid() public {
        _payWith(OddUsdc.Answer.True, true);
        _payWith(OddUsdc.Answer.Nothing, true);
    }

    function test_aTokenThatRefusesInAnyWayOwes() public {
        _payWith(OddUsdc.Answer.False, false);
        _payWith(OddUsdc.Answer.ShortTrue, false);
        _payWith(OddUsdc.Answer.Revert, false);
        _payWith(OddUsdc.Answer.LongRevert, false);
        _payWith(OddUsdc.Answer.BurnAllGas, false);
    }

    /// @dev Without the gas check, the last transfers of a batch could be made to fail by whoever mints it.
    function testFuzz_noAmountOfGasTurnsAPayableTransferIntoADebt(uint256 gasLimit) public {
        Batch[] memory batches = _one(_batch("a", 4, ONE, 10));
        _commitFunded(batches);
        bytes32[] memory proof = new bytes32[](0);
        try distributor.mintBatch{gas: bounded(gasLimit, 30_000, 500_000)}(
            FIRST, 0, batches[0].to, batches[0].amount, batches[0].usdc, proof
        ) {
            vm.assertEq(usdc.balanceOf(batches[0].to[3]), 10, "all are paid");
        } catch {
            vm.assertEq(token.totalSupply(), 0, "nothing is minted");
        }
        vm.assertEq(distributor.usdcOwed(), 0, "nothing is owed");
    }

    function test_tooLittleGasIsNamed() public {
        Batch[] memory batches = _one(_batch("a", 1, ONE, 10));
        _commitFunded(batches);
        vm.expectRevert(UsdcPayouts.TooLittleGas.selector);
        distributor.mintBatch{gas: 150_000}(
            FIRST, 0, batches[0].to, batches[0].amount, batches[0].usdc, new bytes32[](0)
        );
    }

    function test_aTokenThatBurnsAllGasGetsNoMoreThanItsBound() public {
        OddUsdc odd = _odd(OddUsdc.Answer.BurnAllGas);
        Batch[] memory batches = _one(_batch("a", 3, ONE, 10));
        odd.mint(address(distributor), 30);
        _commit(FIRST, batches, 0);
        _mature();
        distributor.mintBatch{gas: 3 * distributor.TRANSFER_GAS() + 500_000}(
            FIRST, 0, batches[0].to, batches[0].amount, batches[0].usdc, new bytes32[](0)
        );
        vm.assertEq(distributor.usdcOwed(), 30, "usdcOwed");
    }

    function _commitFunded(Batch[] memory batches) private {
        usdc.mint(address(distributor), _sum(batches[0].usdc));
        _commit(FIRST, batches, 0);
        _mature();
    }

    function _odd(OddUsdc.Answer answer) private returns (OddUsdc odd) {
        odd = new OddUsdc();
        odd.answerWith(answer);
        _deploy(odd);
    }

    function _payWith(OddUsdc.Answer answer, bool paid) private {
        OddUsdc odd = _odd(answer);
        Batch[] memory batches = _one(_batch("a", 2, ONE, 10));
        odd.mint(address(distributor), 20);
        _commit(FIRST, batches, 0);
        _mature();
        _mint(FIRST, 0, batches);
        vm.assertEq(odd.balanceOf(batches[0].to[1]), paid ? 10 : 0, "USDC");
        vm.assertEq(distributor.claimable(batches[0].to[1]), paid ? 0 : 10, "claimable");
        vm.assertEq(distributor.usdcOwed(), paid ? 0 : 20, "usdcOwed");
        vm.assertEq(token.balanceOf(batches[0].to[1]), ONE, "tokens");
    }
}
