// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

import {BurnAuction} from "../src/BurnAuction.sol";
import {TestUsdc} from "../src/TestUsdc.sol";
import {Batch, BatchTree} from "./support/BatchTree.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @title What a transaction costs, as the chain would charge it
/// @notice Isolated: each call is a transaction of its own with cold storage, and its gas includes calldata. The
/// figures are printed by `forge test --mc GasTest -vv` and repeated in contracts/README.md.
/// forge-config: default.isolate = true
contract GasTest is Fixture {
    /// @dev forge prints events of this name.
    event log_named_uint(string what, uint256 gas);

    /// @dev EIP-7825, part of Karst on OP Mainnet: most gas one transaction may use.
    uint256 private constant TRANSACTION_GAS_LIMIT = 16_777_216;
    uint256 private constant MOST = 250;
    /// @dev What was measured of this design before it was written, a recipient of a batch without USDC.
    uint256 private constant NEW_HOLDER = 26_400;
    uint256 private constant HOLDER = 9_300;

    BurnAuction private auction;

    function setUp() public override {
        super.setUp();
        // Circle's USDC stands behind a proxy; so does this one.
        usdc = TestUsdc(address(new ERC1967Proxy(address(new TestUsdc()), abi.encodeCall(TestUsdc.mint, (admin, 0)))));
        auction = _deployWithAuction(usdc, 1 hours, 1);
    }

    function test_250NewHoldersWithUsdcFitOneTransaction() public {
        Batch[] memory batches = _network(2 * USDC);
        _assertBelow("mintBatch, 250 new holders with USDC", _gasOfMint(FIRST, batches), 14_200_000);
        _commit(FIRST + 1, batches, 0);
        _mature();
        _assertBelow("mintBatch, 250 holders with USDC", _gasOfMint(FIRST + 1, batches), 5_600_000);
    }

    function test_theTokenPartStaysWithinATwentiethOfTheReference() public {
        Batch[] memory batches = _network(0);
        _assertBelow("mintBatch, 250 new holders", _gasOfMint(FIRST, batches), MOST * NEW_HOLDER * 105 / 100);
        _commit(FIRST + 1, batches, 0);
        _mature();
        _assertBelow("mintBatch, 250 holders", _gasOfMint(FIRST + 1, batches), MOST * HOLDER * 105 / 100);
    }

    function test_250BlockedNewHoldersFitOneTransaction() public {
        Batch[] memory batches = _network(2 * USDC);
        for (uint256 i = 0; i < MOST; ++i) {
            usdc.blacklist(batches[0].to[i], true);
        }
        _assertBelow("mintBatch, 250 new holders, all blocked by USDC", _gasOfMint(FIRST, batches), 15_800_000);
        vm.assertEq(distributor.usdcOwed(), MOST * 2 * USDC, "all of it is owed");
    }

    function test_aCommitCostsLittle() public {
        usdc.mint(address(distributor), USDC);
        vm.warp(uint256(FIRST + 9) * DAY);
        _assertBelow("commitEpoch, the first", _gasOfCommit(FIRST), 190_000);
        _assertBelow("commitEpoch", _gasOfCommit(FIRST + 1), 175_000);
        vm.prank(guardian);
        distributor.revokeFrom(FIRST + 1);
        _assertBelow("revokeFrom, one epoch", vm.lastCallGas().gasTotalUsed, 60_000);
    }

    function test_lotsAndTheCommitAfterAThousandOfThemCostLittle() public {
        Batch[] memory batches = _network(0);
        _mint(FIRST, 0, batches);
        address taker = batches[0].to[0];
        vm.prank(taker);
        token.approve(address(auction), type(uint256).max);
        for (uint256 id = 1; id <= 1000; ++id) {
            usdc.mint(address(auction), USDC);
            vm.warp(block.timestamp + 10 minutes);
            auction.start();
            uint256 started = vm.lastCallGas().gasTotalUsed;
            vm.warp(block.timestamp + 10 hours);
            vm.prank(taker);
            auction.take(id, ONE);
            if (id < 1000) continue;
            uint256 taken = vm.lastCallGas().gasTotalUsed;
            _assertBelow("start", started, 120_000);
            _assertBelow("take", taken, 130_000);
        }
        usdc.mint(address(distributor), USDC);
        vm.warp(block.timestamp + 10 * DAY);
        _assertBelow("commitEpoch, a thousand lots later", _gasOfCommit(FIRST + 1), 300_000);
        vm.assertLt(0, distributor.burnedIn(FIRST + 9), "the lots are counted");
    }

    /// @dev Sixteen batches, so that a proof has its usual length of four; the first has 250 recipients.
    function _network(uint256 usdcEach) private returns (Batch[] memory batches) {
        batches = new Batch[](16);
        batches[0] = _batch("holder", MOST, 20 * ONE + 123_456_789, usdcEach);
        for (uint256 i = 1; i < 16; ++i) {
            batches[i] = _batch("other", 1, ONE, usdcEach);
        }
        usdc.mint(address(distributor), 10 * MOST * usdcEach);
        _commit(FIRST, batches, 0);
        _mature();
    }

    function _gasOfMint(uint64 epoch, Batch[] memory batches) private returns (uint256) {
        bytes32[] memory proof = BatchTree.proof(BatchTree.leaves(epoch, batches), 0);
        Batch memory batch = batches[0];
        bytes memory call = abi.encodeCall(distributor.mintBatch, (epoch, 0, batch.to, batch.amount, batch.usdc, proof));
        (bool succeeded,) = address(distributor).call(call);
        vm.assertTrue(succeeded, "mintBatch");
        return vm.lastCallGas().gasTotalUsed;
    }

    function _gasOfCommit(uint64 epoch) private returns (uint256) {
        vm.prank(committer);
        distributor.commitEpoch(epoch, REPORT, 1_000 * ONE, ONE, USDC / 4, 16, REPORT, RULES, DATA);
        return vm.lastCallGas().gasTotalUsed;
    }

    /// @dev `budget` is what README.md promises; no budget may exceed what one transaction can use.
    function _assertBelow(string memory what, uint256 used, uint256 budget) private {
        emit log_named_uint(what, used);
        vm.assertLe(used, budget, what);
        vm.assertLt(budget, TRANSACTION_GAS_LIMIT, what);
    }
}
