// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {TestUsdc} from "../src/TestUsdc.sol";
import {account, vm} from "./support/Vm.sol";

/// @dev A smart wallet with one owner.
contract Wallet is IERC1271 {
    address private owner;

    constructor(address owner_) {
        owner = owner_;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        return ECDSA.recoverCalldata(hash, signature) == owner ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

contract TestUsdcTest {
    uint256 private constant KEY = 0xB0B;
    uint256 private constant VALUE = 1_000_000;
    bytes32 private constant NONCE = keccak256("nonce");
    uint256 private constant NOW = 1_795_000_000;
    uint256 private constant AFTER = NOW - 10;
    uint256 private constant BEFORE = NOW + 300;

    address private payer = vm.addr(KEY);
    address private payee = account("payee");
    TestUsdc private usdc;

    function setUp() public {
        vm.warp(NOW);
        usdc = new TestUsdc();
        usdc.mint(payer, 5 * VALUE);
    }

    function test_looksLikeUsdc() public view {
        vm.assertEq(usdc.name(), "USD Coin", "name");
        vm.assertEq(usdc.symbol(), "USDC", "symbol");
        vm.assertEq(usdc.version(), "2", "version");
        vm.assertEq(usdc.decimals(), 6, "decimals");
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("USD Coin"),
                keccak256("2"),
                block.chainid,
                address(usdc)
            )
        );
        vm.assertEq(usdc.DOMAIN_SEPARATOR(), domain, "domain");
    }

    /// @dev The hashes in EIP-3009 itself.
    function test_theTypeHashesAreThoseOfEip3009() public view {
        vm.assertEq(
            usdc.TRANSFER_WITH_AUTHORIZATION_TYPEHASH(),
            0x7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267,
            "transfer"
        );
        vm.assertEq(
            usdc.RECEIVE_WITH_AUTHORIZATION_TYPEHASH(),
            0xd099cc98ef71107a616c4f0f941f04c322d8e254fe26b3c6668db87aae413de8,
            "receive"
        );
        vm.assertEq(
            usdc.CANCEL_AUTHORIZATION_TYPEHASH(),
            0x158b0a9edf7a828aad02f63cd515c68ef2f50ba807396f6d12842833a1597429,
            "cancel"
        );
    }

    function test_aSignatureMovesMoneyOnce() public {
        (uint8 v, bytes32 r, bytes32 s) = _sign(usdc.TRANSFER_WITH_AUTHORIZATION_TYPEHASH(), payer);
        vm.expectEmit(address(usdc));
        emit TestUsdc.AuthorizationUsed(payer, NONCE);
        usdc.transferWithAuthorization(payer, payee, VALUE, AFTER, BEFORE, NONCE, v, r, s);
        vm.assertEq(usdc.balanceOf(payee), VALUE, "balance");
        vm.assertTrue(usdc.authorizationState(payer, NONCE), "authorizationState");
        vm.expectRevert(bytes("FiatTokenV2: authorization is used or canceled"));
        _transfer(payer, abi.encodePacked(r, s, v));
    }

    function test_aSignatureOfBytesMovesMoneyOnce() public {
        bytes memory signature = _signature(usdc.TRANSFER_WITH_AUTHORIZATION_TYPEHASH(), payer);
        _transfer(payer, signature);
        vm.assertEq(usdc.balanceOf(payee), VALUE, "balance");
        vm.expectRevert(bytes("FiatTokenV2: authorization is used or canceled"));
        _transfer(payer, signature);
    }

    function test_aSmartWalletPaysByItsOwnersSignature() public {
        address wallet = address(new Wallet(payer));
        usdc.mint(wallet, VALUE);
        _transfer(wallet, _signature(usdc.TRANSFER_WITH_AUTHORIZATION_TYPEHASH(), wallet));
        vm.assertEq(usdc.balanceOf(payee), VALUE, "balance");
    }

    function testFuzz_anotherKeyMovesNothing(uint128 key) public {
        vm.assume(key != 0 && key != KEY);
        bytes32 typehash = usdc.TRANSFER_WITH_AUTHORIZATION_TYPEHASH();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _digest(typehash, payer));
        vm.expectRevert(bytes("FiatTokenV2: invalid signature"));
        _transfer(payer, abi.encodePacked(r, s, v));
    }

    function test_theWindowExcludesItsEnds() public {
        bytes memory signature = _signature(usdc.TRANSFER_WITH_AUTHORIZATION_TYPEHASH(), payer);
        vm.warp(AFTER);
        vm.expectRevert(bytes("FiatTokenV2: authorization is not yet valid"));
        _transfer(payer, signature);
        vm.warp(BEFORE);
        vm.expectRevert(bytes("FiatTokenV2: authorization is expired"));
        _transfer(payer, signature);
        vm.warp(BEFORE - 1);
        _transfer(payer, signature);
    }

    function test_onlyThePayeeReceives() public {
        bytes memory signature = _signature(usdc.RECEIVE_WITH_AUTHORIZATION_TYPEHASH(), payer);
        vm.expectRevert(bytes("FiatTokenV2: caller must be the payee"));
        usdc.receiveWithAuthorization(payer, payee, VALUE, AFTER, BEFORE, NONCE, signature);
        vm.prank(payee);
        usdc.receiveWithAuthorization(payer, payee, VALUE, AFTER, BEFORE, NONCE, signature);
        vm.assertEq(usdc.balanceOf(payee), VALUE, "balance");
    }

    function test_thePayeeReceivesByVRS() public {
        (uint8 v, bytes32 r, bytes32 s) = _sign(usdc.RECEIVE_WITH_AUTHORIZATION_TYPEHASH(), payer);
        vm.prank(payee);
        usdc.receiveWithAuthorization(payer, payee, VALUE, AFTER, BEFORE, NONCE, v, r, s);
        vm.assertEq(usdc.balanceOf(payee), VALUE, "balance");
    }

    function test_aCanceledAuthorizationMovesNothing() public {
        bytes32 structHash = keccak256(abi.encode(usdc.CANCEL_AUTHORIZATION_TYPEHASH(), payer, NONCE));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _typed(structHash));
        vm.expectEmit(address(usdc));
        emit TestUsdc.AuthorizationCanceled(payer, NONCE);
        usdc.cancelAuthorization(payer, NONCE, v, r, s);
        bytes memory signature = _signature(usdc.TRANSFER_WITH_AUTHORIZATION_TYPEHASH(), payer);
        vm.expectRevert(bytes("FiatTokenV2: authorization is used or canceled"));
        _transfer(payer, signature);
    }

    function test_aBlockedAccountNeitherSendsNorReceives() public {
        usdc.blacklist(payer, true);
        vm.expectRevert(bytes("Blacklistable: account is blacklisted"));
        vm.prank(payer);
        usdc.transfer(payee, 1);
        usdc.blacklist(payer, false);
        usdc.blacklist(payee, true);
        vm.expectRevert(bytes("Blacklistable: account is blacklisted"));
        vm.prank(payer);
        usdc.transfer(payee, 1);
    }

    function test_nobodySpendsMoreThanTheyHave() public {
        vm.expectRevert(bytes("ERC20: transfer amount exceeds balance"));
        vm.prank(payer);
        usdc.transfer(payee, 5 * VALUE + 1);
    }

    function _transfer(address from, bytes memory signature) private {
        usdc.transferWithAuthorization(from, payee, VALUE, AFTER, BEFORE, NONCE, signature);
    }

    function _signature(bytes32 typehash, address from) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = _sign(typehash, from);
        return abi.encodePacked(r, s, v);
    }

    function _sign(bytes32 typehash, address from) private view returns (uint8, bytes32, bytes32) {
        return vm.sign(KEY, _digest(typehash, from));
    }

    function _digest(bytes32 typehash, address from) private view returns (bytes32) {
        return _typed(keccak256(abi.encode(typehash, from, payee, VALUE, AFTER, BEFORE, NONCE)));
    }

    function _typed(bytes32 structHash) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", usdc.DOMAIN_SEPARATOR(), structHash));
    }
}
