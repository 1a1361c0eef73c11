// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {EpochDistributor} from "../src/EpochDistributor.sol";
import {Batch, BatchTree} from "./support/BatchTree.sol";
import {Fixture} from "./support/Fixture.sol";
import {bounded, vm} from "./support/Vm.sol";

contract MintTest is Fixture {
    function test_anyoneMintsAMaturedBatchAndItsRecipientsAreCredited() public {
        Batch[] memory batches = _one(_batch("a", 3, 5 * ONE, 2 * USDC));
        usdc.mint(address(distributor), 6 * USDC);
        _commit(FIRST, batches, 0);
        _mature();
        vm.expectEmit(address(distributor));
        emit EpochDistributor.BatchMinted(FIRST, 0, 3, 15 * ONE, 6 * USDC);
        _mint(FIRST, 0, batches);
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertEq(token.balanceOf(batches[0].to[i]), 5 * ONE, "tokens");
            vm.assertEq(usdc.balanceOf(batches[0].to[i]), 2 * USDC, "USDC");
        }
        vm.assertTrue(distributor.isMinted(FIRST, 0), "isMinted");
        vm.assertEq(distributor.usdcPromised(), 0, "the promise is kept");
    }

    function test_aBatchMintsOnce() public {
        Batch[] memory batches = _one(_batch("a", 3, ONE, 0));
        _commit(FIRST, batches, 0);
        _mature();
        _mint(FIRST, 0, batches);
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.AlreadyMinted.selector, FIRST, 0));
        _mint(FIRST, 0, batches);
        vm.assertEq(token.totalSupply(), 3 * ONE, "supply");
    }

    function testFuzz_everyBatchOfAnEpochMintsInAnyOrder(uint256 count, uint256 start) public {
        count = bounded(count, 1, 20);
        Batch[] memory batches = _many(count);
        _commit(FIRST, batches, 0);
        _mature();
        for (uint256 i = 0; i < count; ++i) {
            _mint(FIRST, uint32((start % count + i) % count), batches);
        }
        vm.assertEq(token.totalSupply(), distributor.epochs(FIRST).total, "all is minted");
        vm.assertEq(distributor.epochs(FIRST).batchesMinted, count, "batchesMinted");
    }

    function testFuzz_nothingMintsBeforeTheDelayIsOver(uint256 waited) public {
        Batch[] memory batches = _one(_batch("a", 1, ONE, 0));
        _commit(FIRST, batches, 0);
        uint256 maturesAt = block.timestamp + DELAY;
        vm.warp(block.timestamp + bounded(waited, 0, DELAY - 1));
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.NotMatured.selector, FIRST, maturesAt));
        _mint(FIRST, 0, batches);
        vm.warp(maturesAt);
        _mint(FIRST, 0, batches);
    }

    function test_nothingMintsFromAnEpochThatIsNotCommitted() public {
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.NotCommitted.selector, FIRST));
        _mint(FIRST, 0, _one(_batch("a", 1, ONE, 0)));
    }

    function test_nothingMintsWhilePausedAndAllMintsAfter() public {
        Batch[] memory batches = _one(_batch("a", 1, ONE, 0));
        _commit(FIRST, batches, 0);
        _mature();
        vm.prank(guardian);
        distributor.pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        _mint(FIRST, 0, batches);
        vm.prank(guardian);
        distributor.unpause();
        _mint(FIRST, 0, batches);
    }

    function testFuzz_aChangedBatchHasNoProof(uint256 position, uint256 field, uint256 change) public {
        Batch[] memory batches = _many(5);
        _commit(FIRST, batches, 0);
        _mature();
        bytes32[] memory proof = BatchTree.proof(BatchTree.leaves(FIRST, batches), 2);
        Batch memory batch = batches[2];
        position = bounded(position, 0, batch.to.length - 1);
        change = bounded(change, 1, type(uint96).max);
        if (field % 3 == 0) batch.to[position] = address(uint160(batch.to[position]) ^ uint160(change));
        if (field % 3 == 1) batch.amount[position] ^= change;
        if (field % 3 == 2) batch.usdc[position] ^= change;
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.BadProof.selector, FIRST, 2));
        distributor.mintBatch(FIRST, 2, batch.to, batch.amount, batch.usdc, proof);
    }

    function test_aBatchMintsUnderItsOwnIndexAndEpochOnly() public {
        Batch[] memory batches = _many(4);
        _commit(FIRST, batches, 0);
        _commitRaw(FIRST + 1, distributor.epochs(FIRST).root, distributor.epochs(FIRST).total, 0, 0, 4);
        _mature();
        bytes32[] memory proof = BatchTree.proof(BatchTree.leaves(FIRST, batches), 1);
        Batch memory batch = batches[1];
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.BadProof.selector, FIRST, 2));
        distributor.mintBatch(FIRST, 2, batch.to, batch.amount, batch.usdc, proof);
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.BadProof.selector, FIRST + 1, 1));
        distributor.mintBatch(FIRST + 1, 1, batch.to, batch.amount, batch.usdc, proof);
    }

    function test_anIndexBeyondTheCountIsRefused() public {
        Batch[] memory batches = _many(2);
        _commitRaw(FIRST, BatchTree.root(BatchTree.leaves(FIRST, batches)), 100 * ONE, 0, 0, 1);
        _mature();
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.NoSuchBatch.selector, FIRST, 1));
        _mint(FIRST, 1, batches);
    }

    function test_aBatchHasOneTo250Recipients() public {
        Batch[] memory batches = new Batch[](3);
        batches[0] = _batch("none", 0, ONE, 0);
        batches[1] = _batch("most", 250, ONE, 0);
        batches[2] = _batch("too many", 251, ONE, 0);
        _commit(FIRST, batches, 0);
        _mature();
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.BadBatchSize.selector, 0));
        _mint(FIRST, 0, batches);
        _mint(FIRST, 1, batches);
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.BadBatchSize.selector, 251));
        _mint(FIRST, 2, batches);
    }

    function test_listsOfUnequalLengthAreRefused() public {
        Batch[] memory batches = _one(_batch("a", 2, ONE, 0));
        batches[0].usdc = new uint256[](1);
        _commit(FIRST, batches, 0);
        _mature();
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.LengthMismatch.selector, 2, 2, 1));
        _mint(FIRST, 0, batches);
    }

    /// @dev Only a wrong commit leads here: its batches add up to more than it says.
    function test_batchesNeverPayMoreThanTheirEpochsTotal() public {
        Batch[] memory batches = new Batch[](2);
        batches[0] = _batch("a", 1, 6, 4);
        batches[1] = _batch("b", 1, 5, 4);
        usdc.mint(address(distributor), 100);
        bytes32 root = BatchTree.root(BatchTree.leaves(FIRST, batches));
        _commitRaw(FIRST, root, 10, 0, 8, 2);
        root = BatchTree.root(BatchTree.leaves(FIRST + 1, batches));
        _commitRaw(FIRST + 1, root, 11, 0, 7, 2);
        _mature();
        _mint(FIRST, 0, batches);
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.OverTotal.selector, FIRST));
        _mint(FIRST, 1, batches);
        _mint(FIRST + 1, 0, batches);
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.OverTotal.selector, FIRST + 1));
        _mint(FIRST + 1, 1, batches);
        vm.assertTrue(!distributor.isMinted(FIRST, 1), "a refused batch is not marked");
    }

    function test_theLeafIsTheDoubleHashOfTheEncodedBatch() public view {
        Batch memory batch = _batch("a", 3, 5, 6);
        vm.assertEq(this.leafOf(FIRST, 7, batch), BatchTree.leaf(FIRST, 7, batch), "leaf");
    }

    function leafOf(uint64 epoch, uint32 index, Batch calldata batch) external view returns (bytes32) {
        return distributor.leafOf(epoch, index, batch.to, batch.amount, batch.usdc);
    }

    function _many(uint256 count) private pure returns (Batch[] memory batches) {
        batches = new Batch[](count);
        for (uint256 i = 0; i < count; ++i) {
            batches[i] = _batch(string(abi.encode(i)), i % 4 + 1, (i + 1) * ONE, 0);
        }
    }
}
