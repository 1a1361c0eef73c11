// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Capped} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Capped.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title The network's reward token
/// @notice A capped ERC-20 that only its minter can issue. The one minter is meant to be the EpochDistributor,
/// whose schedule decides how much and when; this contract decides only that the cap holds.
contract RewardToken is ERC20, ERC20Capped, ERC20Permit, AccessControlDefaultAdminRules {
    /// @notice May issue tokens. Granted to the EpochDistributor and to nobody else.
    bytes32 public constant MINTER_ROLE = keccak256("MINTER_ROLE");

    /// @notice Most tokens that can ever exist at once: 100 million, in base units of 1e-18.
    uint256 public constant CAP = 100_000_000e18;

    /// @notice The two lists of a batch differ in length.
    error LengthMismatch(uint256 accounts, uint256 amounts);

    /// @param adminDelay seconds between announcing a new admin and that admin's acceptance
    /// @param admin first holder of DEFAULT_ADMIN_ROLE, who grants MINTER_ROLE
    constructor(uint48 adminDelay, address admin)
        ERC20("Isobar", "ISO")
        ERC20Capped(CAP)
        ERC20Permit("Isobar")
        AccessControlDefaultAdminRules(adminDelay, admin)
    {}

    /// @notice Issues `amounts[i]` base units to `accounts[i]`, all or none.
    /// @dev The loop is here and not in the minter because one call a recipient would cost 1,500 gas more each.
    function mintMany(address[] calldata accounts, uint256[] calldata amounts) external onlyRole(MINTER_ROLE) {
        if (accounts.length != amounts.length) revert LengthMismatch(accounts.length, amounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            _mint(accounts[i], amounts[i]);
        }
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Capped) {
        super._update(from, to, value);
    }
}
