// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What the burn auction tells the distributor
interface IBurnCounter {
    /// @notice RewardToken base units burned up to the end of a second, since the counter was deployed.
    /// @dev It never falls as time goes on, and what it says of a second that is over never changes.
    /// @param timestamp unix seconds
    function burnedThrough(uint256 timestamp) external view returns (uint256);
}
