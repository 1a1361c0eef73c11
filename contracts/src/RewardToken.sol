// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title The network's reward token
/// @notice A capped ERC-20 that one address can issue, fixed for good: the EpochDistributor, whose schedule decides how
/// much and when. This contract decides only that the cap holds. It has no owner and no roles, so there is no key that
/// could be stolen to issue tokens. Holders may burn; what burns is not issued again beyond the schedule.
contract RewardToken is ERC20, ERC20Burnable, ERC20Permit {
    /// @notice Most tokens that can ever exist at once: 100 million, in base units of 1e-18.
    uint256 public constant CAP = 100_000_000e18;

    /// @notice The one address that may issue tokens.
    address public immutable minter;

    /// @notice Only `minter` issues.
    error NotTheMinter(address caller);

    /// @notice The two lists of a batch differ in length.
    error LengthMismatch(uint256 accounts, uint256 amounts);

    /// @notice The batch would bring the supply above `CAP`.
    error OverCap(uint256 supply);

    /// @param minter_ the EpochDistributor; it is deployed later and refuses a token that names another minter
    constructor(address minter_) ERC20("Isobar", "ISO") ERC20Permit("Isobar") {
        minter = minter_;
    }

    /// @notice Issues `amounts[i]` base units to `accounts[i]`, all or none.
    /// @dev The loop is here and not in the minter because one call a recipient would cost 1,500 gas more each; the cap
    /// is checked once, after the loop, for the same reason, and nothing else mints.
    function mintMany(address[] calldata accounts, uint256[] calldata amounts) external {
        if (msg.sender != minter) revert NotTheMinter(msg.sender);
        if (accounts.length != amounts.length) revert LengthMismatch(accounts.length, amounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            _mint(accounts[i], amounts[i]);
        }
        if (totalSupply() > CAP) revert OverCap(totalSupply());
    }
}
