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
        vm.assertEq(epoch.maturesAt, block.timestamp + DELAY, "maturesAt");
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

    /// What is skipped could never be committed again: a stray commit must not shut out those before it.
    function test_theVeryFirstCommitSkipsNoEpoch() public {
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.WrongEpochOrder.selector, FIRST, FIRST + 5));
        _commitEmpty(FIRST + 5);
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
        _burnIn(FIRST, bounded(burned, 0, type(uint128).max));
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

    function testFuzz_aBurnReleasesInTheEpochItHappensInWheneverThatIsCommitted(uint256 burnedAt, uint256 amount)
        public
    {
        uint256 start = uint256(FIRST) * DAY;
        burnedAt = bounded(burnedAt, start - DAY, start + 4 * DAY - 1);
        amount = bounded(amount, 1, distributor.emission(FIRST) * 60 / 100);
        burns.burnAt(burnedAt, amount);
        vm.warp(start + 5 * DAY);
        uint256 base = distributor.emission(FIRST) * 40 / 100;
        for (uint64 i = 0; i < 4; ++i) {
            uint256 pot = burnedAt / DAY == FIRST + i ? base + amount : base;
            vm.assertEq(distributor.pot(FIRST + i), pot, "pot");
            vm.expectRevert(abi.encodeWithSelector(EpochDistributor.OverBudget.selector, pot + 1, 0, pot));
            _commitRaw(FIRST + i, ROOT, pot + 1, 0, 0, 1);
            _commitRaw(FIRST + i, ROOT, pot, 0, 0, 1);
            vm.assertEq(distributor.pot(FIRST + i), pot, "a committed epoch keeps its pot");
        }
    }

    function test_theFirstAndTheLastSecondOfAnEpochAreItsOwn() public {
        burns.burnAt(uint256(FIRST) * DAY - 1, 1);
        burns.burnAt(uint256(FIRST) * DAY, 10);
        burns.burnAt(uint256(FIRST + 1) * DAY - 1, 100);
        burns.burnAt(uint256(FIRST + 1) * DAY, 1000);
        vm.assertEq(distributor.burnedIn(FIRST - 1), 1, "before");
        vm.assertEq(distributor.burnedIn(FIRST), 110, "first");
        vm.assertEq(distributor.burnedIn(FIRST + 1), 1000, "second");
    }

    function test_burnsBeyondTheMatchedShareReleaseNothing() public {
        uint256 emission = distributor.emission(FIRST);
        _burnIn(FIRST, emission * 5);
        vm.assertEq(distributor.pot(FIRST), emission * 40 / 100 + emission * 60 / 100, "pot");
        _commitEmpty(FIRST);
        vm.assertEq(distributor.pot(FIRST + 1), emission * 40 / 100, "the excess is gone");
    }

    function test_epochsCommittedTogetherMatureOneDelayAfterAnother() public {
        vm.warp(uint256(FIRST + 9) * DAY);
        uint256 start = block.timestamp;
        _commitRaw(FIRST, ROOT, 1, 0, 0, 1);
        _commitRaw(FIRST + 1, ROOT, 0, 1, 0, 0);
        _commitEmpty(FIRST + 2);
        _commitEmpty(FIRST + 3);
        usdc.mint(address(distributor), 1);
        _commitRaw(FIRST + 4, ROOT, 0, 0, 1, 1);
        vm.assertEq(distributor.epochs(FIRST).maturesAt, start + DELAY, "the first");
        vm.assertEq(
            distributor.epochs(FIRST + 1).maturesAt, start + 2 * DELAY, "a reserve is no payment yet, and waits"
        );
        vm.assertEq(distributor.epochs(FIRST + 2).maturesAt, start + 2 * DELAY, "nothing to wait for");
        vm.assertEq(distributor.epochs(FIRST + 3).maturesAt, start + 2 * DELAY, "nor here");
        vm.assertEq(distributor.epochs(FIRST + 4).maturesAt, start + 3 * DELAY, "USDC");
        vm.warp(start + 9 * DELAY);
        _commitRaw(FIRST + 5, ROOT, 1, 0, 0, 1);
        vm.assertEq(distributor.epochs(FIRST + 5).maturesAt, start + 10 * DELAY, "its own delay at least");
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

    function test_aTokenUsdcOrCounterAddressWithoutCodeIsRefused() public {
        EpochDistributor.Config memory config = _config(IERC20(stranger));
        vm.expectRevert(abi.encodeWithSelector(UsdcPayouts.NotAContract.selector, stranger));
        new EpochDistributor(config);
        config = _config(usdc);
        config.token = RewardToken(stranger);
        vm.expectRevert(abi.encodeWithSelector(UsdcPayouts.NotAContract.selector, stranger));
        new EpochDistributor(config);
        config = _config(usdc);
        config.burnCounter = IBurnCounter(stranger);
        vm.expectRevert(abi.encodeWithSelector(UsdcPayouts.NotAContract.selector, stranger));
        new EpochDistributor(config);
    }

    function test_aTokenThatAnotherContractMintsIsRefused() public {
        EpochDistributor.Config memory config = _config(usdc);
        vm.expectRevert(abi.encodeWithSelector(EpochDistributor.NotTheMinter.selector, address(distributor)));
        new EpochDistributor(config);
    }
}
