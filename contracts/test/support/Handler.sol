// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BurnAuction} from "../../src/BurnAuction.sol";
import {EpochDistributor} from "../../src/EpochDistributor.sol";
import {RewardToken} from "../../src/RewardToken.sol";
import {TestUsdc} from "../../src/TestUsdc.sol";
import {Batch, BatchTree} from "./BatchTree.sol";
import {account, bounded, vm} from "./Vm.sol";

/// @dev What a handler needs to know of the network it drives.
struct Network {
    EpochDistributor distributor;
    RewardToken token;
    TestUsdc usdc;
    BurnAuction auction;
    address committer;
    address guardian;
}

/// @title Everyone who acts on the distributor, honest or not, with random timing
/// @notice Keeps its own books of what was committed, revoked and minted. Every mint is predicted from those books
/// before it is tried, and has to succeed or fail accordingly; so each run also checks each rule in both directions.
contract Handler {
    /// @dev A commit that happened. `seed` yields its batches again, so none has to be stored.
    struct Plan {
        uint64 epoch;
        uint256 seed;
        uint256 batchCount;
        uint256 total;
        uint256 usdcTotal;
        uint256 maturesAt;
        bool revoked;
    }

    uint256 public constant ACCOUNTS = 6;
    /// @notice Payees, of whom the last is the auction.
    uint256 public constant PAYEES = ACCOUNTS + 1;

    Network private network;
    Plan[] private plans;
    mapping(uint256 plan => mapping(uint256 index => bool)) private minted;

    /// @notice Plans in force, in the order of their epochs: positions in `plans`.
    uint256[] private standing;

    uint256 public mintedTotal;
    uint256 public mintedUsdc;
    uint256 public revokes;

    /// @notice Open lots.
    uint256[] private lots;
    uint256 public burned;
    /// @notice USDC that the auction was given other than by batches.
    uint256 public given;
    mapping(uint64 epoch => uint256) public burnedIn;

    error Unpredicted(string what);

    constructor(Network memory network_) {
        network = network_;
    }

    function commit(uint256 seed, uint256 batchCount, uint256 shareBps, uint256 reservedBps, uint256 usdcBps) external {
        EpochDistributor distributor = network.distributor;
        uint64 epoch = standing.length == 0 ? distributor.firstEpoch() : distributor.lastCommittedEpoch() + 1;
        uint256 endsAt = (uint256(epoch) + 1) * distributor.epochSeconds();
        if (block.timestamp < endsAt) vm.warp(endsAt);

        batchCount = bounded(batchCount, 0, 4);
        uint256 budget = distributor.pot(epoch) + distributor.reserve();
        uint256 reserved = budget * bounded(reservedBps, 0, 10_000) / 10_000;
        Plan memory plan = Plan({
            epoch: epoch,
            seed: uint256(keccak256(abi.encode(seed, plans.length))),
            batchCount: batchCount,
            total: batchCount == 0 ? 0 : (budget - reserved) * bounded(shareBps, 0, 10_000) / 10_000,
            usdcTotal: batchCount == 0 ? 0 : distributor.usdcFree() * bounded(usdcBps, 0, 10_000) / 10_000,
            maturesAt: 0,
            revoked: false
        });
        plan.maturesAt = _maturity(plan.total != 0 || plan.usdcTotal != 0 || reserved != 0);
        _commit(plan, reserved);
        standing.push(plans.length);
        plans.push(plan);
    }

    /// @notice Tries a batch of any plan there ever was, revoked ones and finished ones too.
    function mint(uint256 which, uint256 index) external {
        if (plans.length == 0) return;
        which = bounded(which, 0, plans.length - 1);
        Plan memory plan = plans[which];
        if (plan.batchCount == 0) return;
        index = bounded(index, 0, plan.batchCount - 1);

        Batch[] memory all = batches(plan);
        Batch memory batch = all[index];
        bytes32[] memory proof = BatchTree.proof(BatchTree.leaves(plan.epoch, all), index);
        bool expected = _mayMint(which, index);
        try network.distributor.mintBatch(plan.epoch, uint32(index), batch.to, batch.amount, batch.usdc, proof) {
            if (!expected) revert Unpredicted("minted what must not mint");
            minted[which][index] = true;
            for (uint256 i = 0; i < batch.to.length; ++i) {
                mintedTotal += batch.amount[i];
                mintedUsdc += batch.usdc[i];
            }
        } catch {
            if (expected) revert Unpredicted("refused what must mint");
        }
    }

    function revoke(uint256 back) external {
        if (standing.length == 0) return;
        uint256 from = standing.length - 1 - bounded(back, 0, standing.length > 3 ? 2 : standing.length - 1);
        Plan storage first = plans[standing[from]];
        bool expected = block.timestamp < first.maturesAt;
        vm.prank(network.guardian);
        try network.distributor.revokeFrom(first.epoch) {
            if (!expected) revert Unpredicted("revoked a matured epoch");
            while (standing.length > from) {
                plans[standing[standing.length - 1]].revoked = true;
                standing.pop();
            }
            revokes += 1;
        } catch {
            if (expected) revert Unpredicted("refused a revoke in time");
        }
    }

    /// @notice Lets time pass: up to one and a half delays, now and then up to two epochs.
    function wait(uint256 duration) external {
        uint256 delay = network.distributor.delaySeconds();
        uint256 most = duration % 8 == 0 ? 2 * uint256(network.distributor.epochSeconds()) : delay * 3 / 2;
        vm.warp(block.timestamp + bounded(duration, 1, most));
    }

    function startLot() external {
        BurnAuction auction = network.auction;
        uint256 free = network.usdc.balanceOf(address(auction)) - auction.usdcInLots();
        try auction.start() returns (uint256 id) {
            if (free < auction.leastLot()) revert Unpredicted("started a lot over too little");
            lots.push(id);
        } catch {
            if (free >= auction.leastLot()) revert Unpredicted("refused a lot");
        }
    }

    /// @notice A payee burns what it was paid for a lot, or fails where it has too little or is blocked.
    function takeLot(uint256 which, uint256 who) external {
        if (lots.length == 0) return;
        which = bounded(which, 0, lots.length - 1);
        uint256 id = lots[which];
        BurnAuction auction = network.auction;
        address taker = payee(who % ACCOUNTS);
        uint256 price = auction.priceOf(id);
        bool expected = network.token.balanceOf(taker) >= price && !network.usdc.isBlacklisted(taker)
            && !network.usdc.isBlacklisted(address(auction));
        vm.prank(taker);
        network.token.approve(address(auction), price);
        vm.prank(taker);
        try auction.take(id, price) {
            if (!expected) revert Unpredicted("sold a lot it must not");
            burned += price;
            burnedIn[uint64(block.timestamp / network.distributor.epochSeconds())] += price;
            lots[which] = lots[lots.length - 1];
            lots.pop();
        } catch {
            if (expected) revert Unpredicted("refused a taker");
        }
    }

    function lotCount() external view returns (uint256) {
        return lots.length;
    }

    function lotAt(uint256 which) external view returns (uint256) {
        return lots[which];
    }

    function sell(uint256 amount) external {
        network.usdc.mint(address(network.distributor), bounded(amount, 1, 1_000e6));
    }

    /// @notice Anyone may add to what the auction sells.
    function give(uint256 amount) external {
        if (network.usdc.isBlacklisted(address(network.auction))) return;
        amount = bounded(amount, 1, 1_000e6);
        given += amount;
        network.usdc.mint(address(network.auction), amount);
    }

    function block_(uint256 which, bool blocked) external {
        network.usdc.blacklist(payee(which), blocked);
    }

    function claim(uint256 which) external {
        address owner = payee(which);
        bool expected = network.distributor.claimable(owner) != 0 && !network.usdc.isBlacklisted(owner);
        try network.distributor.claimUsdc(owner) {
            if (!expected) revert Unpredicted("paid a claim it must not");
        } catch {
            if (expected) revert Unpredicted("refused a claim");
        }
    }

    function pauseOrUnpause(uint256 dice) external {
        if (network.distributor.paused()) {
            vm.prank(network.guardian);
            network.distributor.unpause();
        } else if (dice % 4 == 0) {
            vm.prank(network.guardian);
            network.distributor.pause();
        }
    }

    function standingEpochs() external view returns (uint64[] memory out) {
        out = new uint64[](standing.length);
        for (uint256 i = 0; i < out.length; ++i) {
            out[i] = plans[standing[i]].epoch;
        }
    }

    function payee(uint256 which) public view returns (address) {
        if (which % PAYEES == ACCOUNTS) return address(network.auction);
        return account(string(abi.encode("payee", which % PAYEES)));
    }

    /// @dev Equal parts for one to three recipients a batch; what does not divide stays unpaid. The first recipient is
    /// new each time, so that no two batches are alike.
    function batches(Plan memory plan) public view returns (Batch[] memory out) {
        out = new Batch[](plan.batchCount);
        for (uint256 i = 0; i < out.length; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(plan.seed, i)));
            uint256 count = dice % 3 + 1;
            out[i] = Batch(new address[](count), new uint256[](count), new uint256[](count));
            for (uint256 j = 0; j < count; ++j) {
                out[i].to[j] = j == 0 ? address(uint160(dice)) : payee(dice / 3 + j);
                out[i].amount[j] = plan.total / plan.batchCount / count;
                out[i].usdc[j] = plan.usdcTotal / plan.batchCount / count;
            }
        }
    }

    function _commit(Plan memory plan, uint256 reserved) private {
        uint32 batchCount = uint32(plan.batchCount);
        bytes32 root = BatchTree.root(BatchTree.leaves(plan.epoch, batches(plan)));
        vm.prank(network.committer);
        network.distributor.commitEpoch(plan.epoch, root, plan.total, reserved, plan.usdcTotal, batchCount, 0, 0, 0);
    }

    /// @dev One delay after its commit and, where it moves anything, after the epoch before it matured.
    function _maturity(bool moves) private view returns (uint256) {
        uint256 delay = network.distributor.delaySeconds();
        uint256 soonest = block.timestamp + delay;
        if (standing.length == 0) return soonest;
        uint256 before = plans[standing[standing.length - 1]].maturesAt;
        uint256 behind = moves ? before + delay : before;
        return soonest > behind ? soonest : behind;
    }

    function _mayMint(uint256 which, uint256 index) private view returns (bool) {
        Plan memory plan = plans[which];
        bool matured = block.timestamp >= plan.maturesAt;
        return matured && !plan.revoked && !minted[which][index] && !network.distributor.paused();
    }
}
