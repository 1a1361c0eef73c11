// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {EpochDistributor} from "../src/EpochDistributor.sol";
import {Batch} from "./support/BatchTree.sol";
import {Fixture} from "./support/Fixture.sol";
import {bounded, vm} from "./support/Vm.sol";

contract RevokeTest is Fixture {
    function test_aRevokedEpochCanBeCommittedAgainAndOnlyTheNewRootMints() public {
        Batch[] memory wrong = _one(_batch("thief", 2, ONE, USDC));
        Batch[] memory right = _one(_batch("owner", 2, ONE, USDC));
        usdc.mint(address(distributor), 2 * USDC);
        _commit(FIRST, wrong, 0);
        vm.expectEmit(address(distributor));
        emit EpochDistributor.Revoked(FIRST, FIRST);
        _revoke(FIRST);
        _mature();
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.NotCommitted.selector, FIRST));
        _mint(FIRST, 0, wrong);

        _commit(FIRST, right, 0);
        _mature();
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.BadProof.selector, FIRST, 0));
        _mint(FIRST, 0, wrong);
        _mint(FIRST, 0, right);
        vm.assertEq(token.balanceOf(right[0].to[0]), ONE, "tokens");
    }

    function test_aRevokeTakesLaterUnmaturedEpochsWithIt() public {
        for (uint64 i = 0; i < 3; ++i) {
            // All three wait for the guardian at once: they are committed together, late.
            vm.warp(uint256(FIRST + 3) * DAY);
            _commitEmpty(FIRST + i);
        }
        vm.expectEmit(address(distributor));
        emit EpochDistributor.Revoked(FIRST + 1, FIRST + 2);
        _revoke(FIRST + 1);
        vm.assertEq(distributor.lastCommittedEpoch(), FIRST, "lastCommittedEpoch");
        vm.assertEq(distributor.epochs(FIRST + 1).maturesAt, 0, "second");
        vm.assertEq(distributor.epochs(FIRST + 2).maturesAt, 0, "third");
        _commitEmpty(FIRST + 1);
        _commitEmpty(FIRST + 2);
    }

    function testFuzz_aRevokeRestoresReserveAndPromises(uint256 reserved, uint256 burned, uint256 usdcTotal) public {
        uint256 pot = distributor.pot(FIRST);
        reserved = bounded(reserved, 0, pot);
        burned = bounded(burned, 0, type(uint96).max);
        usdcTotal = bounded(usdcTotal, 0, type(uint96).max);
        usdc.mint(address(distributor), usdcTotal);
        _commitRaw(FIRST, REPORT, 0, reserved, usdcTotal / 3, 1);
        _burnIn(FIRST + 1, burned);
        vm.warp(uint256(FIRST + 3) * DAY);
        uint256 potBefore = distributor.pot(FIRST + 1);

        _commitRaw(FIRST + 1, REPORT, potBefore / 2, potBefore / 4, usdcTotal / 3, 1);
        _commitRaw(FIRST + 2, REPORT, 0, 0, usdcTotal / 3, 1);
        _revoke(FIRST + 1);

        vm.assertEq(distributor.reserve(), reserved, "reserve");
        vm.assertEq(distributor.pot(FIRST + 1), potBefore, "pot");
        vm.assertEq(distributor.usdcPromised(), usdcTotal / 3, "usdcPromised");
        vm.assertEq(distributor.lastCommittedEpoch(), FIRST, "lastCommittedEpoch");
    }

    function test_afterTheVeryFirstIsRevokedItIsNextAgain() public {
        _commitEmpty(FIRST);
        _revoke(FIRST);
        vm.assertEq(distributor.lastCommittedEpoch(), FIRST - 1, "nothing stands");
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.WrongEpochOrder.selector, FIRST, FIRST + 1));
        _commitEmpty(FIRST + 1);
        _commitEmpty(FIRST);
        vm.assertEq(distributor.lastCommittedEpoch(), FIRST, "lastCommittedEpoch");
    }

    function test_upToMaturityAnEpochIsOnlyRevocableAndFromThenOnOnlyMintable() public {
        Batch[] memory batches = _one(_batch("a", 1, ONE, 0));
        _commit(FIRST, batches, 0);
        uint256 maturesAt = block.timestamp + DELAY;
        vm.warp(maturesAt - 1);
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.NotMatured.selector, FIRST, maturesAt));
        _mint(FIRST, 0, batches);
        _revoke(FIRST);

        _commit(FIRST, batches, 0);
        vm.warp(maturesAt - 1 + DELAY);
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.AlreadyMatured.selector, FIRST));
        _revoke(FIRST);
        _mint(FIRST, 0, batches);
    }

    function testFuzz_anEpochIsEitherRevocableOrMintable(uint256 waited) public {
        waited = bounded(waited, 0, 2 * DELAY);
        Batch[] memory batches = _one(_batch("a", 1, ONE, 0));
        _commit(FIRST, batches, 0);
        vm.warp(block.timestamp + waited);
        if (waited < DELAY) {
            _revoke(FIRST);
            vm.assertEq(distributor.epochs(FIRST).maturesAt, 0, "maturesAt");
        } else {
            _mint(FIRST, 0, batches);
            vm.expectRevert(abi.encodeWithSelector(EpochDistributor.AlreadyMatured.selector, FIRST));
            _revoke(FIRST);
        }
    }

    function test_anEpochThatIsNotCommittedIsNotRevoked() public {
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.NotCommitted.selector, FIRST));
        _revoke(FIRST);
    }

    function test_onlyTheGuardianRevokesPausesAndUnpauses() public {
        _commitEmpty(FIRST);
        bytes memory refusal = abi.encodeWithSelector(
            IAccessControl.AccessControlUnauthorizedAccount.selector, committer, distributor.GUARDIAN_ROLE()
        );
        vm.expectRevert(refusal);
        vm.prank(committer);
        distributor.revokeFrom(FIRST);
        vm.expectRevert(refusal);
        vm.prank(committer);
        distributor.pause();
        vm.expectRevert(refusal);
        vm.prank(committer);
        distributor.unpause();
    }

    function test_theAdminHasNoneOfTheOtherRoles() public view {
        vm.assertTrue(!distributor.hasRole(distributor.COMMITTER_ROLE(), admin), "committer");
        vm.assertTrue(!distributor.hasRole(distributor.GUARDIAN_ROLE(), admin), "guardian");
        vm.assertEq(distributor.defaultAdmin(), admin, "admin");
    }

    function _revoke(uint64 epoch) private {
        vm.prank(guardian);
        distributor.revokeFrom(epoch);
    }
}
