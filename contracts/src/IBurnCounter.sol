// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What the burn auction tells the distributor
interface IBurnCounter {
    /// @notice RewardToken base units burned since the counter was deployed. It never falls.
    function burned() external view returns (uint256);
}
