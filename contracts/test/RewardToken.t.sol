// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {RewardToken} from "../src/RewardToken.sol";
import {account, bounded, vm} from "./support/Vm.sol";

contract RewardTokenTest {
    address private minter = account("minter");
    RewardToken private token;

    function setUp() public {
        token = new RewardToken(minter);
    }

    function test_isIsobarWithACapOf100Million() public view {
        vm.assertEq(token.name(), "Isobar", "name");
        vm.assertEq(token.symbol(), "ISO", "symbol");
        vm.assertEq(token.CAP(), 100_000_000 * 10 ** token.decimals(), "cap");
        vm.assertEq(token.totalSupply(), 0, "nothing exists before the first mint");
    }

    function test_mintManyGivesEachAccountItsAmount() public {
        (address[] memory to, uint256[] memory amounts) = _pair(5, 7);
        vm.prank(minter);
        token.mintMany(to, amounts);
        vm.assertEq(token.balanceOf(to[0]), 5, "first");
        vm.assertEq(token.balanceOf(to[1]), 7, "second");
        vm.assertEq(token.totalSupply(), 12, "supply");
    }

    function testFuzz_nobodyButTheMinterMints(address caller) public {
        vm.assume(caller != minter);
        (address[] memory to, uint256[] memory amounts) = _pair(5, 7);
        vm.expectRevert(abi.encodeWithSelector(RewardToken.NotTheMinter.selector, caller));
        vm.prank(caller);
        token.mintMany(to, amounts);
    }

    function test_listsOfUnequalLengthMintNothing() public {
        (address[] memory to,) = _pair(5, 7);
        vm.expectRevert(abi.encodeWithSelector(RewardToken.LengthMismatch.selector, 2, 1));
        vm.prank(minter);
        token.mintMany(to, new uint256[](1));
    }

    function testFuzz_aBatchThatCrossesTheCapMintsNothing(uint256 first, uint256 over) public {
        first = bounded(first, 0, token.CAP());
        over = bounded(over, 1, type(uint128).max);
        (address[] memory to, uint256[] memory amounts) = _pair(first, token.CAP() - first + over);
        vm.expectRevert(abi.encodeWithSelector(RewardToken.OverCap.selector, token.CAP() + over));
        vm.prank(minter);
        token.mintMany(to, amounts);
        vm.assertEq(token.totalSupply(), 0, "supply");
    }

    function test_aPermitSetsTheAllowanceWithoutAnOwnersTransaction() public {
        uint256 key = 0xA11CE;
        address owner = vm.addr(key);
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typehash, owner, minter, 9, 0, block.timestamp));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(key, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
        token.permit(owner, minter, 9, block.timestamp, v, r, s);
        vm.assertEq(token.allowance(owner, minter), 9, "allowance");
    }

    function test_aHolderBurnsItsOwnAndOthersOnlyWhatTheyAllow() public {
        (address[] memory to, uint256[] memory amounts) = _pair(5, 7);
        vm.prank(minter);
        token.mintMany(to, amounts);
        vm.prank(to[0]);
        token.burn(2);
        vm.assertEq(token.totalSupply(), 10, "supply");
        vm.prank(to[1]);
        token.approve(minter, 4);
        vm.prank(minter);
        token.burnFrom(to[1], 3);
        vm.assertEq(token.balanceOf(to[1]), 4, "balance");
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, minter, 1, 2));
        vm.prank(minter);
        token.burnFrom(to[1], 2);
    }

    function test_whatWasBurnedMakesRoomBelowTheCap() public {
        (address[] memory to, uint256[] memory amounts) = _pair(token.CAP(), 0);
        vm.prank(minter);
        token.mintMany(to, amounts);
        vm.prank(to[0]);
        token.burn(9);
        (to, amounts) = _pair(4, 5);
        vm.prank(minter);
        token.mintMany(to, amounts);
        vm.assertEq(token.totalSupply(), token.CAP(), "supply");
    }

    function _pair(uint256 first, uint256 second) private pure returns (address[] memory to, uint256[] memory amounts) {
        to = new address[](2);
        amounts = new uint256[](2);
        (to[0], to[1]) = (account("first"), account("second"));
        (amounts[0], amounts[1]) = (first, second);
    }
}
