// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {BurnAuction} from "../../src/BurnAuction.sol";
import {EpochDistributor} from "../../src/EpochDistributor.sol";
import {IBurnCounter} from "../../src/IBurnCounter.sol";
import {RewardToken} from "../../src/RewardToken.sol";
import {TestUsdc} from "../../src/TestUsdc.sol";
import {Batch, BatchTree} from "./BatchTree.sol";
import {account, vm} from "./Vm.sol";

/// @dev A burn auction of which only the counter is left; burns may be told in any order.
contract BurnCounter is IBurnCounter {
    uint256[2][] private burns;

    function burnAt(uint256 timestamp, uint256 amount) external {
        burns.push([timestamp, amount]);
    }

    function burnedThrough(uint256 timestamp) external view returns (uint256 sum) {
        for (uint256 i = 0; i < burns.length; ++i) {
            if (burns[i][0] <= timestamp) sum += burns[i][1];
        }
    }
}

/// @title A deployed network and the verbs tests are written in
abstract contract Fixture {
    uint64 internal constant DELAY = 1 hours;
    uint64 internal constant DAY = 1 days;
    /// @dev An ordinary day number: 2026-11-22.
    uint64 internal constant FIRST = 20_779;
    uint256 internal constant ONE = 1e18;
    uint256 internal constant USDC = 1e6;
    bytes32 internal constant REPORT = keccak256("report");
    bytes32 internal constant RULES = keccak256("rule set");
    bytes32 internal constant DATA = keccak256("data root");

    address internal admin = account("admin");
    address internal committer = account("committer");
    address internal guardian = account("guardian");
    address internal stranger = account("stranger");

    RewardToken internal token;
    TestUsdc internal usdc;
    BurnCounter internal burns;
    EpochDistributor internal distributor;

    function setUp() public virtual {
        vm.warp(uint256(FIRST + 1) * DAY);
        usdc = new TestUsdc();
        _deploy(usdc);
    }

    function _deploy(IERC20 asset) internal {
        burns = new BurnCounter();
        distributor = _distributor(_config(asset));
    }

    /// @dev With the real auction in place of the counter.
    function _deployWithAuction(IERC20 asset, uint64 halfLife, uint128 leastRate)
        internal
        returns (BurnAuction auction)
    {
        // The distributor comes third.
        token = new RewardToken(_nextContract(2));
        auction = new BurnAuction(BurnAuction.Config(token, asset, halfLife, uint128(USDC), leastRate));
        EpochDistributor.Config memory config = _config(asset);
        config.burnCounter = auction;
        distributor = new EpochDistributor(config);
    }

    /// @dev With a token of its own, which has to know the distributor's address before there is one.
    function _distributor(EpochDistributor.Config memory config) internal returns (EpochDistributor) {
        token = new RewardToken(_nextContract(1));
        config.token = token;
        return new EpochDistributor(config);
    }

    /// @dev The address of the contract that this one creates after `others` more.
    function _nextContract(uint64 others) internal view returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + others);
    }

    /// @dev Somewhere within the epoch, or whenever it is.
    function _burnIn(uint64 epoch, uint256 amount) internal {
        burns.burnAt(uint256(epoch) * DAY + 1 hours, amount);
    }

    function _config(IERC20 asset) internal view returns (EpochDistributor.Config memory) {
        return EpochDistributor.Config({
            token: token,
            usdc: asset,
            burnCounter: burns,
            delaySeconds: DELAY,
            epochSeconds: DAY,
            firstEpoch: FIRST,
            adminDelay: 2 days,
            admin: admin,
            committer: committer,
            guardian: guardian
        });
    }

    /// @dev `count` recipients that nobody has paid before, each with the same amounts.
    function _batch(string memory name, uint256 count, uint256 amount, uint256 usdcAmount)
        internal
        pure
        returns (Batch memory batch)
    {
        batch = Batch(new address[](count), new uint256[](count), new uint256[](count));
        for (uint256 i = 0; i < count; ++i) {
            batch.to[i] = address(uint160(uint256(keccak256(abi.encode(name, i)))));
            batch.amount[i] = amount;
            batch.usdc[i] = usdcAmount;
        }
    }

    function _one(Batch memory batch) internal pure returns (Batch[] memory batches) {
        batches = new Batch[](1);
        batches[0] = batch;
    }

    function _sum(uint256[] memory values) internal pure returns (uint256 sum) {
        for (uint256 i = 0; i < values.length; ++i) {
            sum += values[i];
        }
    }

    /// @dev Waits for the epoch to end, then commits the sums of its batches.
    function _commit(uint64 epoch, Batch[] memory batches, uint256 reserved) internal {
        uint256 total = 0;
        uint256 usdcTotal = 0;
        for (uint256 i = 0; i < batches.length; ++i) {
            total += _sum(batches[i].amount);
            usdcTotal += _sum(batches[i].usdc);
        }
        bytes32 root = BatchTree.root(BatchTree.leaves(epoch, batches));
        _commitRaw(epoch, root, total, reserved, usdcTotal, uint32(batches.length));
    }

    function _commitEmpty(uint64 epoch) internal {
        _commitRaw(epoch, 0, 0, 0, 0, 0);
    }

    function _commitRaw(
        uint64 epoch,
        bytes32 root,
        uint256 total,
        uint256 reserved,
        uint256 usdcTotal,
        uint32 batchCount
    ) internal {
        uint256 endsAt = (uint256(epoch) + 1) * DAY;
        if (block.timestamp < endsAt) vm.warp(endsAt);
        vm.prank(committer);
        distributor.commitEpoch(epoch, root, total, reserved, usdcTotal, batchCount, REPORT, RULES, DATA);
    }

    function _mint(uint64 epoch, uint32 index, Batch[] memory batches) internal {
        bytes32[] memory proof = BatchTree.proof(BatchTree.leaves(epoch, batches), index);
        Batch memory batch = batches[index];
        vm.prank(stranger);
        distributor.mintBatch(epoch, index, batch.to, batch.amount, batch.usdc, proof);
    }

    function _mature() internal {
        vm.warp(block.timestamp + DELAY);
    }
}
