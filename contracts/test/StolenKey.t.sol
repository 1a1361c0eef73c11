// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {EpochDistributor} from "../src/EpochDistributor.sol";
import {RewardToken} from "../src/RewardToken.sol";
import {Batch} from "./support/BatchTree.sol";
import {Fixture} from "./support/Fixture.sol";
import {bounded, vm} from "./support/Vm.sol";

/// @title What a thief gets who holds the committer's key
/// @notice At most one epoch's pot (and what honest commits had set aside, and the USDC that is here), and only if nobody
/// revokes during the delay.
contract StolenKeyTest is Fixture {
    uint64 private constant OPEN = 6;
    uint256 private paid;

    function testFuzz_whoRevokesDuringTheDelayLosesNothing(uint256 waited, uint256 burned) public {
        _burnIn(FIRST, bounded(burned, 0, type(uint96).max));
        Batch[] memory loot = _stealEverything(FIRST);
        vm.warp(block.timestamp + bounded(waited, 0, DELAY - 1));
        vm.prank(guardian);
        distributor.revokeFrom(FIRST);
        vm.warp(block.timestamp + 365 days);
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.NotCommitted.selector, FIRST));
        _mint(FIRST, 0, loot);
        vm.assertEq(token.totalSupply(), 0, "supply");
        vm.assertEq(distributor.usdcFree(), 500 * USDC, "USDC");
    }

    function test_whoNeverRevokesLosesOneEpochsPotADelay() public {
        _stealABacklog();
        for (uint64 delays = 1; delays <= OPEN; ++delays) {
            vm.warp(block.timestamp + DELAY);
            _mintWhatMatured();
            vm.assertEq(paid, _pots(delays), "one pot a delay");
        }
        vm.warp(block.timestamp + 365 days);
        _mintWhatMatured();
        vm.assertEq(token.totalSupply(), _pots(OPEN), "nothing beyond the schedule");
    }

    function testFuzz_howeverManyEpochsAreOpenARevokeSavesAllButThoseOfTheDelaysMissed(uint256 missed) public {
        missed = bounded(missed, 1, OPEN - 1);
        _stealABacklog();
        vm.warp(block.timestamp + missed * DELAY);
        vm.prank(guardian);
        distributor.revokeFrom(uint64(FIRST + missed));
        vm.warp(block.timestamp + 365 days);
        _mintWhatMatured();
        vm.assertEq(token.totalSupply(), _pots(missed), "supply");
    }

    /// @dev Setting aside instead of paying brings the thief no more at once.
    function test_aReserveThatGrowsOverABacklogWaitsAsLong() public {
        vm.warp(uint256(FIRST + OPEN) * DAY);
        uint256 reserved = 0;
        for (uint64 i = 0; i + 1 < OPEN; ++i) {
            reserved += distributor.pot(FIRST + i);
            _commitRaw(FIRST + i, REPORT, 0, reserved, 0, 0);
        }
        _commitRaw(FIRST + OPEN - 1, REPORT, reserved + distributor.pot(FIRST + OPEN - 1), 0, 0, 1);
        uint256 maturesAt = distributor.epochs(FIRST + OPEN - 1).maturesAt;
        vm.assertEq(maturesAt, block.timestamp + OPEN * DELAY, "as long as the pots it collects");
    }

    function test_itOpensNoOtherDoor() public {
        address thief = committer;
        bytes32 guardianRole = distributor.GUARDIAN_ROLE();
        bytes32 adminRole = distributor.DEFAULT_ADMIN_ROLE();
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, thief, adminRole)
        );
        vm.prank(thief);
        distributor.grantRole(guardianRole, thief);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, thief, guardianRole)
        );
        vm.prank(thief);
        distributor.unpause();
        vm.expectRevert(abi.encodeWithSelector(RewardToken.NotTheMinter.selector, thief));
        vm.prank(thief);
        token.mintMany(new address[](0), new uint256[](0));
    }

    function _stealABacklog() private {
        vm.warp(uint256(FIRST + OPEN) * DAY);
        for (uint64 i = 0; i < OPEN; ++i) {
            _stealEverything(FIRST + i);
        }
    }

    /// @dev The whole budget and all USDC to one account.
    function _stealEverything(uint64 epoch) private returns (Batch[] memory loot) {
        if (epoch == FIRST) usdc.mint(address(distributor), 500 * USDC);
        loot = _loot(epoch, distributor.usdcFree());
        _commit(epoch, loot, 0);
    }

    function _loot(uint64 epoch, uint256 usdcAmount) private view returns (Batch[] memory) {
        return _one(_batch("thief", 1, distributor.pot(epoch) + distributor.reserve(), usdcAmount));
    }

    function _mintWhatMatured() private {
        for (uint64 epoch = FIRST; epoch < FIRST + OPEN; ++epoch) {
            EpochDistributor.Epoch memory open = distributor.epochs(epoch);
            if (open.maturesAt == 0 || block.timestamp < open.maturesAt || open.batchesMinted > 0) continue;
            _mint(epoch, 0, _loot(epoch, open.usdcTotal));
        }
        paid = token.totalSupply();
    }

    function _pots(uint256 count) private view returns (uint256 sum) {
        for (uint64 i = 0; i < count; ++i) {
            sum += distributor.pot(FIRST + i);
        }
    }
}
