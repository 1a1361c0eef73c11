// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BurnAuction} from "../src/BurnAuction.sol";
import {EpochDistributor} from "../src/EpochDistributor.sol";
import {Fixture} from "./support/Fixture.sol";
import {Handler, Network} from "./support/Handler.sol";
import {vm} from "./support/Vm.sol";

/// @title What holds whatever anyone does, in any order
/// @notice The handler predicts every mint and revoke (a batch mints once, nothing mints from a revoked or unmatured
/// root, a revoke restores the order); here are the sums.
contract Invariants is Fixture {
    Handler private handler;
    BurnAuction private auction;

    function setUp() public override {
        super.setUp();
        auction = _deployWithAuction(usdc, 1 hours, uint128(ONE / USDC));
        // Some epochs are over, so that several commits can wait for the guardian at once.
        vm.warp(block.timestamp + 3 * DAY);
        handler = new Handler(Network(distributor, token, usdc, auction, committer, guardian));
    }

    /// @dev forge asks for this: it calls nothing but the handler.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_mintedStaysBelowCommittedBelowPotsBelowScheduleBelowCap() public view {
        uint64[] memory standing = handler.standingEpochs();
        uint256 minted = 0;
        uint256 committed = 0;
        uint256 pots = 0;
        uint256 schedule = 0;
        uint256 base = 0;
        for (uint256 i = 0; i < standing.length; ++i) {
            EpochDistributor.Epoch memory epoch = distributor.epochs(standing[i]);
            vm.assertLe(epoch.minted, epoch.total, "an epoch mints at most its total");
            minted += epoch.minted;
            committed += epoch.total;
            pots += distributor.pot(standing[i]);
            schedule += distributor.emission(standing[i]);
            base += distributor.emission(standing[i]) * 40 / 100;
        }
        vm.assertEq(token.totalSupply() + handler.burned(), minted, "the supply and what burned is what was minted");
        vm.assertEq(minted, handler.mintedTotal(), "and what the recipients were paid");
        vm.assertLe(committed + distributor.reserve(), pots, "commits and the reserve stay within the pots");
        vm.assertLe(pots, schedule, "pots stay within the schedule");
        vm.assertLe(pots - base, handler.burned(), "beyond the base, no more is released than was burned");
        vm.assertLe(token.totalSupply(), token.CAP(), "cap");
    }

    function invariant_usdcIsPromisedOwedOrFreeAndNeverTwice() public view {
        uint64[] memory standing = handler.standingEpochs();
        uint256 promised = 0;
        for (uint256 i = 0; i < standing.length; ++i) {
            EpochDistributor.Epoch memory epoch = distributor.epochs(standing[i]);
            vm.assertLe(epoch.usdcPaid, epoch.usdcTotal, "an epoch pays at most its USDC");
            if (epoch.batchesMinted < epoch.batchCount) promised += epoch.usdcTotal - epoch.usdcPaid;
        }
        vm.assertEq(distributor.usdcPromised(), promised, "promised");
        uint256 owed = 0;
        for (uint256 i = 0; i < handler.PAYEES(); ++i) {
            owed += distributor.claimable(handler.payee(i));
        }
        vm.assertEq(distributor.usdcOwed(), owed, "owed");
        uint256 held = usdc.balanceOf(address(distributor));
        vm.assertEq(held, promised + owed + distributor.usdcFree(), "every unit is promised, owed or free");
        vm.assertEq(
            handler.mintedUsdc() + handler.given(),
            usdc.totalSupply() - held + owed,
            "paid or owed is what batches said"
        );
    }

    function invariant_lotsAreCoveredAndBurnsCountedInTheirEpoch() public view {
        uint256 open = 0;
        for (uint256 i = 0; i < handler.lotCount(); ++i) {
            open += auction.lots(handler.lotAt(i)).usdc;
        }
        vm.assertEq(auction.usdcInLots(), open, "the open lots");
        vm.assertLe(open, usdc.balanceOf(address(auction)), "are here");
        vm.assertEq(auction.burnedThrough(type(uint256).max), handler.burned(), "every burn is counted");
        uint256 inEpochs = 0;
        for (uint64 epoch = FIRST; epoch <= block.timestamp / DAY; ++epoch) {
            vm.assertEq(distributor.burnedIn(epoch), handler.burnedIn(epoch), "in its epoch");
            inEpochs += distributor.burnedIn(epoch);
        }
        vm.assertEq(inEpochs, handler.burned(), "and in one only");
    }

    function invariant_standingEpochsAreARowWithoutGaps() public view {
        uint64[] memory standing = handler.standingEpochs();
        for (uint256 i = 0; i < standing.length; ++i) {
            vm.assertEq(standing[i], FIRST + i, "order");
            vm.assertTrue(distributor.epochs(standing[i]).maturesAt != 0, "each is committed");
        }
        vm.assertEq(distributor.lastCommittedEpoch(), FIRST + standing.length - 1, "lastCommittedEpoch");
        vm.assertEq(distributor.epochs(uint64(FIRST + standing.length)).maturesAt, 0, "nothing comes after");
    }
}
