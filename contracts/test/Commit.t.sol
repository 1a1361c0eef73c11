// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {EpochDistributor} from "../src/EpochDistributor.sol";
import {IBurnCounter} from "../src/IBurnCounter.sol";
import {RewardToken} from "../src/RewardToken.sol";
import {UsdcPayouts} from "../src/UsdcPayouts.sol";
import {Batch} from "./support/BatchTree.sol";
import {Fixture} from "./support/Fixture.sol";
import {bounded, vm} from "./support/Vm.sol";

contract CommitTest is Fixture {
    bytes32 private constant ROOT = keccak256("root");

    function test_aCommitKeepsWhatItFixesAndPublishesItsHashes() public {
        usdc.mint(address(distributor), 90);
        vm.expectEmit(address(distributor));
        emit EpochDistributor.Committed(FIRST, ROOT, 70, 20, 80, 3, REPORT, RULES, DATA);
        _commitRaw(FIRST, ROOT, 70, 20, 80, 3);

        EpochDistributor.Epoch memory epoch = distributor.epochs(FIRST);
        vm.assertEq(epoch.root, ROOT, "root");
        vm.assertEq(epoch.total, 70, "total");
        vm.assertEq(epoch.usdcTotal, 80, "usdcTotal");
        vm.assertEq(epoch.batchCount, 3, "batchCount");
        vm.assertEq(epoch.committedAt, block.timestamp, "committedAt");
        vm.assertEq(epoch.minted + epoch.usdcPaid + epoch.batchesMinted, 0, "nothing is paid yet");
        vm.assertEq(distributor.lastCommittedEpoch(), FIRST, "lastCommittedEpoch");
        vm.assertEq(distributor.reserve(), 20, "reserve");
        vm.assertEq(distributor.usdcPromised(), 80, "usdcPromised");
        vm.assertEq(distributor.usdcFree(), 10, "usdcFree");
    }

    function test_onlyTheCommitterCommits() public {
        bytes32 role = distributor.COMMITTER_ROLE();
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, guardian, role)
        );
        vm.prank(guardian);
        distributor.commitEpoch(FIRST, ROOT, 1, 0, 0, 1, REPORT, RULES, DATA);
    }

    function test_epochsFollowOneAnother() public {
        _commitEmpty(FIRST);
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.WrongEpochOrder.selector, FIRST + 1, FIRST));
        _commitEmpty(FIRST);
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.WrongEpochOrder.selector, FIRST + 1, FIRST + 2));
        _commitEmpty(FIRST + 2);
        _commitEmpty(FIRST + 1);
        vm.assertEq(distributor.lastCommittedEpoch(), FIRST + 1, "lastCommittedEpoch");
    }

    function test_noEpochBeforeTheFirstIsCommitted() public {
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.WrongEpochOrder.selector, FIRST, FIRST - 1));
        _commitEmpty(FIRST - 1);
    }

    function test_aNetworkMayStartLaterThanItsFirstEpoch() public {
        _commitEmpty(FIRST + 5);
        vm.assertEq(distributor.lastCommittedEpoch(), FIRST + 5, "lastCommittedEpoch");
    }

    function testFuzz_anEpochIsCommittedOnlyOnceItIsOver(uint256 early) public {
        uint256 endsAt = uint256(FIRST + 1) * DAY;
        vm.warp(endsAt - bounded(early, 1, endsAt));
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.EpochNotOver.selector, FIRST, endsAt));
        vm.prank(committer);
        distributor.commitEpoch(FIRST, 0, 0, 0, 0, 0, REPORT, RULES, DATA);
    }

    function test_anEpochWithoutBatchesPaysNothing() public {
        usdc.mint(address(distributor), 1);
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.NoBatches.selector, FIRST));
        _commitRaw(FIRST, 0, 1, 0, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.NoBatches.selector, FIRST));
        _commitRaw(FIRST, 0, 0, 0, 1, 0);
    }

    function testFuzz_totalAndReserveStayWithinThePot(uint256 total, uint256 reserved, uint256 burned) public {
        burns.burn(bounded(burned, 0, type(uint128).max));
        uint256 pot = distributor.pot(FIRST);
        total = bounded(total, 0, 2 * pot);
        reserved = bounded(reserved, 0, 2 * pot);
        if (total + reserved > pot) {
            vm.expectRevert(abi.encodeWithSelector(EpochDistributor.OverBudget.selector, total, reserved, pot));
        }
        _commitRaw(FIRST, ROOT, total, reserved, 0, 1);
    }

    function test_hugeAmountsCannotWrapAroundTheBudget() public {
        uint256 pot = distributor.pot(FIRST);
        uint256 most = type(uint256).max;
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.OverBudget.selector, 2, most, pot));
        _commitRaw(FIRST, ROOT, 2, most, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.OverBudget.selector, most, 2, pot));
        _commitRaw(FIRST, ROOT, most, 2, 0, 1);
    }

    function test_theReserveCarriesOverAndUnusedEmissionDoesNot() public {
        uint256 pot = distributor.pot(FIRST);
        _commitRaw(FIRST, ROOT, 0, pot / 4, 0, 1);
        uint256 budget = distributor.pot(FIRST + 1) + pot / 4;
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.OverBudget.selector, budget + 1, 0, budget));
        _commitRaw(FIRST + 1, ROOT, budget + 1, 0, 0, 1);
        _commitRaw(FIRST + 1, ROOT, budget, 0, 0, 1);
        vm.assertEq(distributor.reserve(), 0, "the reserve is used up");
    }

    function test_aBurnIsCountedOnce() public {
        uint256 base = distributor.emission(FIRST) * 40 / 100;
        burns.burn(100 * ONE);
        vm.assertEq(distributor.pot(FIRST), base + 100 * ONE, "before the commit");
        _commitEmpty(FIRST);
        vm.assertEq(distributor.pot(FIRST), base + 100 * ONE, "a committed epoch keeps its pot");
        vm.assertEq(distributor.pot(FIRST + 1), base, "the next starts from nothing");
        burns.burn(7 * ONE);
        vm.assertEq(distributor.pot(FIRST), base + 100 * ONE, "later burns change nothing");
        _commitEmpty(FIRST + 1);
        _commitEmpty(FIRST + 2);
        vm.assertEq(distributor.pot(FIRST), base + 100 * ONE, "first");
        vm.assertEq(distributor.pot(FIRST + 1), base + 7 * ONE, "second");
        vm.assertEq(distributor.pot(FIRST + 2), base, "third");
    }

    function test_burnsBeyondTheMatchedShareReleaseNothing() public {
        burns.burn(distributor.emission(FIRST) * 5);
        uint256 emission = distributor.emission(FIRST);
        vm.assertEq(distributor.pot(FIRST), emission * 40 / 100 + emission * 60 / 100, "pot");
        _commitEmpty(FIRST);
        vm.assertEq(distributor.pot(FIRST + 1), emission * 40 / 100, "the excess is gone");
    }

    function test_withoutABurnCounterOnlyTheBaseIsReleased() public {
        EpochDistributor.Config memory config = _config(usdc);
        config.burnCounter = IBurnCounter(address(0));
        distributor = new EpochDistributor(config);
        vm.assertEq(distributor.pot(FIRST), distributor.emission(FIRST) * 40 / 100, "pot");
        _commitEmpty(FIRST);
    }

    function test_burnsFromBeforeTheDeploymentReleaseNothing() public {
        burns.burn(100 * ONE);
        distributor = new EpochDistributor(_config(usdc));
        vm.assertEq(distributor.pot(FIRST), distributor.emission(FIRST) * 40 / 100, "pot");
    }

    function testFuzz_usdcIsPromisedOnlyOnce(uint256 held, uint256 first, uint256 second) public {
        held = bounded(held, 0, type(uint96).max);
        first = bounded(first, 0, held);
        second = bounded(second, 0, 2 * held);
        usdc.mint(address(distributor), held);
        _commitRaw(FIRST, ROOT, 0, 0, first, 1);
        if (second > held - first) {
            vm.expectRevert(abi.encodeWithSelector(UsdcPayouts.OverUsdc.selector, second, held - first));
        }
        _commitRaw(FIRST + 1, ROOT, 0, 0, second, 1);
    }

    function test_usdcThatIsOwedIsNotPromisedAgain() public {
        Batch[] memory batches = _one(_batch("a", 1, 0, 60));
        usdc.mint(address(distributor), 100);
        usdc.blacklist(batches[0].to[0], true);
        _commit(FIRST, batches, 0);
        _mature();
        _mint(FIRST, 0, batches);
        vm.expectRevert(abi.encodeWithSelector(UsdcPayouts.OverUsdc.selector, 41, 40));
        _commitRaw(FIRST + 1, ROOT, 0, 0, 41, 1);
        _commitRaw(FIRST + 1, ROOT, 0, 0, 40, 1);
    }

    function test_theEpochsBeforeTheFirstHaveNoEmission() public view {
        vm.assertEq(distributor.emission(FIRST - 1), 0, "emission");
        vm.assertEq(distributor.pot(FIRST - 1), 0, "pot");
    }

    function test_aConfigWithoutDelayEpochLengthOrFirstEpochIsRefused() public {
        EpochDistributor.Config memory config = _config(usdc);
        config.delaySeconds = 0;
        vm.expectRevert(EpochDistributor.ZeroConfig.selector);
        new EpochDistributor(config);
        config = _config(usdc);
        config.epochSeconds = 0;
        vm.expectRevert(EpochDistributor.ZeroConfig.selector);
        new EpochDistributor(config);
        config = _config(usdc);
        config.firstEpoch = 0;
        vm.expectRevert(EpochDistributor.ZeroConfig.selector);
        new EpochDistributor(config);
    }

    function test_aTokenOrUsdcAddressWithoutCodeIsRefused() public {
        EpochDistributor.Config memory config = _config(IERC20(stranger));
        vm.expectRevert(abi.encodeWithSelector(UsdcPayouts.NotAContract.selector, stranger));
        new EpochDistributor(config);
        config = _config(usdc);
        config.token = RewardToken(stranger);
        vm.expectRevert(abi.encodeWithSelector(UsdcPayouts.NotAContract.selector, stranger));
        new EpochDistributor(config);
    }
}
