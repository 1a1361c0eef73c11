// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {ERC20Capped} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Capped.sol";

import {RewardToken} from "../src/RewardToken.sol";
import {account, bounded, vm} from "./support/Vm.sol";

contract RewardTokenTest {
    address private admin = account("admin");
    address private minter = account("minter");
    RewardToken private token;

    function setUp() public {
        token = new RewardToken(2 days, admin);
        bytes32 role = token.MINTER_ROLE();
        vm.prank(admin);
        token.grantRole(role, minter);
    }

    function test_isIsobarWithACapOf100Million() public view {
        vm.assertEq(token.name(), "Isobar", "name");
        vm.assertEq(token.symbol(), "ISO", "symbol");
        vm.assertEq(token.cap(), 100_000_000 * 10 ** token.decimals(), "cap");
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

    function test_onlyAMinterMints() public {
        (address[] memory to, uint256[] memory amounts) = _pair(5, 7);
        bytes32 role = token.MINTER_ROLE();
        vm.expectRevert(abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, admin, role));
        vm.prank(admin);
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
        vm.expectRevert(abi.encodeWithSelector(ERC20Capped.ERC20ExceededCap.selector, token.CAP() + over, token.CAP()));
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

    function _pair(uint256 first, uint256 second) private pure returns (address[] memory to, uint256[] memory amounts) {
        to = new address[](2);
        amounts = new uint256[](2);
        (to[0], to[1]) = (account("first"), account("second"));
        (amounts[0], amounts[1]) = (first, second);
    }
}
