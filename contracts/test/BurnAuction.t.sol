// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {BurnAuction} from "../src/BurnAuction.sol";
import {RewardToken} from "../src/RewardToken.sol";
import {TestUsdc} from "../src/TestUsdc.sol";
import {CallbackUsdc} from "./support/CallbackUsdc.sol";
import {account, bounded, vm} from "./support/Vm.sol";

contract BurnAuctionTest {
    uint256 private constant ONE = 1e18;
    uint256 private constant USDC = 1e6;
    uint64 private constant HALF_LIFE = 1 hours;
    uint128 private constant LEAST_LOT = uint128(10 * USDC);
    /// @dev 1,000 tokens for one USDC.
    uint128 private constant LEAST_RATE = uint128(1000 * ONE / USDC);

    address private taker = account("taker");
    RewardToken private token;
    TestUsdc private usdc;
    BurnAuction private auction;

    function setUp() public {
        vm.warp(1_000_000);
        token = new RewardToken(address(this));
        usdc = new TestUsdc();
        auction = new BurnAuction(_config());
        _give(taker, token.CAP());
        vm.prank(taker);
        token.approve(address(auction), type(uint256).max);
    }

    function test_whatLiesHereBecomesALotAndItsTakerBurnsThePrice() public {
        usdc.mint(address(auction), 40 * USDC);
        vm.expectEmit(address(auction));
        emit BurnAuction.LotStarted(1, 40 * USDC, 40_000 * ONE);
        vm.prank(account("anybody"));
        vm.assertEq(auction.start(), 1, "id");
        vm.assertEq(auction.lots(1).usdc, 40 * USDC, "usdc");
        vm.warp(block.timestamp + 2 * HALF_LIFE);
        vm.assertEq(auction.priceOf(1), 10_000 * ONE, "price");
        vm.expectEmit(address(auction));
        emit BurnAuction.LotTaken(1, taker, 40 * USDC, 10_000 * ONE);
        _take(1);
        vm.assertEq(usdc.balanceOf(taker), 40 * USDC, "USDC");
        vm.assertEq(token.totalSupply(), token.CAP() - 10_000 * ONE, "supply");
        vm.assertEq(auction.burnedThrough(block.timestamp), 10_000 * ONE, "counted");
        vm.assertEq(auction.burnedThrough(block.timestamp - 1), 0, "not before");
        vm.assertEq(auction.usdcInLots(), 0, "nothing is open");
    }

    function test_aLotIsTakenOnce() public {
        _start(LEAST_LOT);
        _take(1);
        vm.expectRevert(abi.encodeWithSelector(BurnAuction.NoSuchLot.selector, 1));
        _take(1);
        vm.expectRevert(abi.encodeWithSelector(BurnAuction.NoSuchLot.selector, 2));
        auction.priceOf(2);
    }

    function test_dustMakesNoLotAndStaysForTheNext() public {
        usdc.mint(address(auction), LEAST_LOT - 1);
        vm.expectRevert(abi.encodeWithSelector(BurnAuction.TooLittleUsdc.selector, LEAST_LOT - 1, LEAST_LOT));
        auction.start();
        _start(1);
        vm.assertEq(auction.lots(1).usdc, LEAST_LOT, "all of it");
        vm.expectRevert(abi.encodeWithSelector(BurnAuction.TooLittleUsdc.selector, 0, LEAST_LOT));
        auction.start();
    }

    function test_aLotThatNobodyWantsHoldsNothingUp() public {
        _start(LEAST_LOT);
        _start(5000 * USDC);
        vm.assertEq(auction.lots(2).usdc, 5000 * USDC, "only what was not in a lot");
        _take(2);
        vm.assertEq(usdc.balanceOf(taker), 5000 * USDC, "the first lot is untouched");
        vm.warp(block.timestamp + 1000 days);
        vm.assertEq(auction.priceOf(1), 1, "in the end anyone can afford it, but not for nothing");
        _take(1);
        vm.assertEq(auction.burnedThrough(block.timestamp) - auction.burnedThrough(block.timestamp - 1), 1, "burned");
    }

    function test_aLotStartsAboveTheLastPriceAndNeverBelowTheLeastRate() public {
        _start(100 * USDC);
        vm.warp(block.timestamp + HALF_LIFE / 2);
        vm.assertEq(auction.priceOf(1), 75_000 * ONE, "a straight line between the halvings");
        _take(1);
        _start(20 * USDC);
        vm.assertEq(auction.lots(2).startPrice, 4 * 15_000 * ONE, "four times the last rate");
        vm.warp(block.timestamp + 30 * HALF_LIFE);
        _take(2);
        _start(20 * USDC);
        vm.assertEq(auction.lots(3).startPrice, 20_000 * ONE, "an unwatched lot does not make the next one cheap");
    }

    function test_noLotAsksForMoreThanThereCanBe() public {
        _start(LEAST_LOT);
        _take(1);
        _start(1_000_000 * USDC);
        vm.assertEq(auction.lots(2).startPrice, token.CAP(), "capped");
    }

    function test_ATakerMayLimitWhatItBurns() public {
        _start(LEAST_LOT);
        uint256 price = auction.priceOf(1);
        vm.expectRevert(abi.encodeWithSelector(BurnAuction.PriceAbove.selector, price, price - 1));
        vm.prank(taker);
        auction.take(1, price - 1);
    }

    function test_withoutTokensOrAllowanceNothingIsTaken() public {
        _start(LEAST_LOT);
        uint256 price = auction.priceOf(1);
        vm.prank(taker);
        token.approve(address(auction), 0);
        bytes memory refusal =
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(auction), 0, price);
        vm.expectRevert(refusal);
        vm.prank(taker);
        auction.take(1, price);
        vm.prank(taker);
        token.approve(address(auction), price);
        uint256 rest = token.balanceOf(taker) - price + 1;
        vm.prank(taker);
        token.burn(rest);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, taker, price - 1, price));
        vm.prank(taker);
        auction.take(1, price);
        vm.assertEq(auction.lots(1).usdc, LEAST_LOT, "the lot is still there");
        vm.assertEq(auction.burnedThrough(block.timestamp), 0, "nothing is counted");
    }

    function test_aTakerWhomUsdcBlocksBurnsNothing() public {
        _start(LEAST_LOT);
        usdc.blacklist(taker, true);
        try this.takeAs(taker, 1) {
            revert("taken");
        } catch {}
        vm.assertEq(token.balanceOf(taker), token.CAP(), "tokens");
        vm.assertEq(auction.usdcInLots(), LEAST_LOT, "the lot is still there");
    }

    function test_plainBurnsAreNotCounted() public {
        vm.prank(taker);
        token.burn(ONE);
        vm.assertEq(auction.burnedThrough(block.timestamp), 0, "only lots count");
    }

    function test_aTokenThatCallsBackTakesNoLotTwiceAndStartsNone() public {
        CallbackUsdc odd = new CallbackUsdc();
        BurnAuction.Config memory config = _config();
        config.usdc = odd;
        auction = new BurnAuction(config);
        odd.mint(address(auction), 2 * LEAST_LOT);
        auction.start();
        odd.callOnTransfer(address(auction), abi.encodeCall(auction.take, (1, type(uint256).max)));
        vm.prank(taker);
        token.approve(address(auction), type(uint256).max);
        this.takeAs(taker, 1);
        vm.assertTrue(odd.wasRefused(), "take");

        odd.mint(address(auction), LEAST_LOT);
        auction.start();
        odd.callOnTransfer(address(auction), abi.encodeCall(auction.start, ()));
        this.takeAs(taker, 2);
        vm.assertTrue(odd.wasRefused(), "start");
        vm.assertEq(odd.balanceOf(taker), 3 * LEAST_LOT, "paid once");
    }

    function test_aConfigWithAZeroOrWithoutContractsIsRefused() public {
        for (uint256 field = 0; field < 5; ++field) {
            BurnAuction.Config memory config = _config();
            if (field == 0) config.token = RewardToken(taker);
            if (field == 1) config.usdc = IERC20(taker);
            if (field == 2) config.halfLifeSeconds = 0;
            if (field == 3) config.leastLot = 0;
            if (field == 4) config.leastStartRate = 0;
            vm.expectRevert(BurnAuction.BadConfig.selector);
            new BurnAuction(config);
        }
    }

    function testFuzz_aPriceNeverRisesAndHalvesEachHalfLife(uint256 usdcAmount, uint256 first, uint256 second) public {
        _start(bounded(usdcAmount, LEAST_LOT, 1e15));
        uint256 startedAt = block.timestamp;
        first = bounded(first, 0, 200 * HALF_LIFE);
        second = bounded(second, first, 400 * HALF_LIFE);
        vm.warp(startedAt + first);
        uint256 price = auction.priceOf(1);
        uint256 bound = uint256(auction.lots(1).startPrice);
        vm.assertLe(
            price, (bound >> (first / HALF_LIFE < 255 ? first / HALF_LIFE : 255)) + 1, "at most the halving before"
        );
        vm.assertLe(bound >> (first / HALF_LIFE < 254 ? first / HALF_LIFE + 1 : 255), price, "at least the next one");
        vm.warp(startedAt + second);
        vm.assertLe(auction.priceOf(1), price, "falls");
        vm.assertLe(1, auction.priceOf(1), "is never zero");
    }

    function testFuzz_everyLotPaysOutExactlyWhatItHolds(uint256 seed) public {
        uint256 sold = 0;
        uint256 burned = 0;
        for (uint256 i = 1; i <= 8; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 amount = bounded(seed, LEAST_LOT, 1e12);
            _start(amount);
            vm.warp(block.timestamp + (10 + seed % 40) * HALF_LIFE);
            burned += auction.priceOf(i);
            sold += amount;
            _take(i);
            vm.assertEq(usdc.balanceOf(taker), sold, "paid");
            vm.assertEq(auction.burnedThrough(type(uint256).max), burned, "counted");
            vm.assertEq(token.totalSupply(), token.CAP() - burned, "burned");
        }
        vm.assertEq(usdc.balanceOf(address(auction)), 0, "nothing is left behind");
    }

    function takeAs(address who, uint256 id) external {
        vm.prank(who);
        auction.take(id, type(uint256).max);
    }

    function _config() private view returns (BurnAuction.Config memory) {
        return BurnAuction.Config(token, usdc, HALF_LIFE, LEAST_LOT, LEAST_RATE);
    }

    function _give(address to, uint256 amount) private {
        address[] memory accounts = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (accounts[0], amounts[0]) = (to, amount);
        token.mintMany(accounts, amounts);
    }

    function _start(uint256 amount) private {
        usdc.mint(address(auction), amount);
        auction.start();
    }

    function _take(uint256 id) private {
        vm.prank(taker);
        auction.take(id, type(uint256).max);
    }
}
