// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title How many tokens one epoch may release at most
/// @notice `E(e) = E0 * 85^y / 100^y` with `y = e / 365`: each year releases 85 % of the year before, rounded down
/// once at the end. All years together stay below the token's cap, so the schedule alone bounds the supply.
/// @dev Amounts are RewardToken base units (1e-18). `core/reward` computes the same numbers off the chain.
library EmissionSchedule {
    /// @notice Epochs that share one rate. An epoch is a day on the real network.
    uint256 internal constant EPOCHS_PER_YEAR = 365;

    /// @notice E0: 15 % of the cap of 100 million tokens, spread over the first year, rounded down.
    uint256 internal constant FIRST_EMISSION = uint256(100_000_000e18) * 15 / 100 / EPOCHS_PER_YEAR;

    /// @notice Emission ends after this many years, because 20^60 leaves 256 bits. The share of the cap that is
    /// never released for this reason is below 0.006 %.
    uint256 internal constant YEARS = 60;

    /// @notice Share of an emission that is paid whatever buyers do, in percent.
    uint256 internal constant BASE_PERCENT = 40;

    /// @notice Share of an emission that is paid only as far as buyers' fees burned as much, in percent.
    uint256 internal constant BURN_MATCHED_PERCENT = 60;

    /// @param index epochs since the network's first one
    /// @return base units; 85/100 is computed as 17/20, which is the same fraction in fewer bits
    function emission(uint256 index) internal pure returns (uint256) {
        uint256 year = index / EPOCHS_PER_YEAR;
        if (year >= YEARS) return 0;
        return Math.mulDiv(FIRST_EMISSION, 17 ** year, 20 ** year);
    }

    /// @param index epochs since the network's first one
    /// @param burned base units that buyers' fees burned since the commit before
    /// @return base units the epoch may pay; both shares are rounded down by themselves
    function pot(uint256 index, uint256 burned) internal pure returns (uint256) {
        uint256 released = emission(index);
        return released * BASE_PERCENT / 100 + Math.min(released * BURN_MATCHED_PERCENT / 100, burned);
    }
}
