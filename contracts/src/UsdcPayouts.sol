// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Pays USDC out without letting one recipient stop the others
/// @notice Buyers' payments arrive here by plain transfer. What this contract holds is promised to a committed epoch,
/// owed to an account whose transfer failed, or free; a promise is never made twice over the same USDC.
/// @dev Amounts are USDC base units (1e-6).
abstract contract UsdcPayouts {
    /// @notice Gas given to one transfer: twice what Circle's proxy needs for a new holder. Whoever mints must bring
    /// this much, so that nobody can make transfers fail by sending too little gas.
    uint256 public constant TRANSFER_GAS = 100_000;

    /// @dev A call gets at most 63/64 of what is left; 5,000 covers the call's own cost.
    uint256 private constant GAS_BEFORE_TRANSFER = TRANSFER_GAS * 64 / 63 + 5_000;

    /// @notice The token that buyers pay with.
    IERC20 public immutable usdc;

    /// @notice Promised to committed epochs and not yet paid.
    uint256 public usdcPromised;

    /// @notice Owed to accounts whose transfer failed: the sum of `claimable`.
    uint256 public usdcOwed;

    /// @notice What `claimUsdc` would pay the account.
    mapping(address account => uint256 amount) public claimable;

    /// @notice A transfer failed (most likely a blocked account); the amount waits in `claimable`.
    event UsdcOwed(address indexed account, uint64 indexed epoch, uint256 amount);

    /// @notice An amount owed was paid after all.
    event UsdcClaimed(address indexed account, uint256 amount);

    /// @notice The epoch wants more USDC than is here and free.
    error OverUsdc(uint256 wanted, uint256 free);

    /// @notice Nothing is owed to the account.
    error NothingOwed(address account);

    /// @notice The account still cannot receive USDC.
    error UsdcTransferFailed(address account);

    /// @notice The transaction brings less gas than one USDC transfer must be given.
    error TooLittleGas();

    /// @notice The address holds no contract.
    error NotAContract(address account);

    constructor(IERC20 usdc_) {
        // A call to an address without code succeeds, which would count as paid.
        if (address(usdc_).code.length == 0) revert NotAContract(address(usdc_));
        usdc = usdc_;
    }

    /// @notice Pays an account what it is owed. Anyone may call; the money goes to the account only.
    function claimUsdc(address account) external {
        uint256 amount = claimable[account];
        if (amount == 0) revert NothingOwed(account);
        claimable[account] = 0;
        usdcOwed -= amount;
        if (!_tryTransfer(account, amount)) revert UsdcTransferFailed(account);
        emit UsdcClaimed(account, amount);
    }

    /// @notice USDC here that is neither promised nor owed: what the next epoch may promise.
    function usdcFree() public view returns (uint256) {
        uint256 held = usdc.balanceOf(address(this));
        uint256 bound = usdcPromised + usdcOwed;
        return held > bound ? held - bound : 0;
    }

    function _promiseUsdc(uint256 amount) internal {
        uint256 free = usdcFree();
        if (amount > free) revert OverUsdc(amount, free);
        usdcPromised += amount;
    }

    function _releaseUsdc(uint256 amount) internal {
        usdcPromised -= amount;
    }

    /// @dev The promise must be released by the caller, and only afterwards: until then the ledger understates what
    /// is free, so a token that calls back can never promise the same USDC again.
    function _payUsdc(uint64 epoch, address[] calldata to, uint256[] calldata amounts) internal {
        uint256 owed = 0;
        for (uint256 i = 0; i < to.length; ++i) {
            uint256 amount = amounts[i];
            if (amount == 0 || _tryTransfer(to[i], amount)) continue;
            claimable[to[i]] += amount;
            owed += amount;
            emit UsdcOwed(to[i], epoch, amount);
        }
        if (owed != 0) usdcOwed += owed;
    }

    /// @dev True when the call succeeded and answered true or nothing at all. At most one word of the answer is
    /// copied, so no answer, however long, costs more than the gas the call was given.
    function _tryTransfer(address to, uint256 amount) private returns (bool paid) {
        if (gasleft() < GAS_BEFORE_TRANSFER) revert TooLittleGas();
        address asset = address(usdc);
        bytes4 selector = IERC20.transfer.selector;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, selector)
            mstore(add(input, 0x04), to)
            mstore(add(input, 0x24), amount)
            let succeeded := call(TRANSFER_GAS, asset, 0, input, 0x44, 0x00, 0x20)
            let saidYes := and(gt(returndatasize(), 0x1f), eq(mload(0x00), 1))
            paid := and(succeeded, or(iszero(returndatasize()), saidYes))
        }
    }
}
