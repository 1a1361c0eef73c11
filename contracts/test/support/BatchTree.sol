// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev What one `mintBatch` pays.
struct Batch {
    address[] to;
    uint256[] amount;
    uint256[] usdc;
}

/// @title The off-chain side of an epoch: leaves, root and proofs
/// @notice Written without the contract's own helpers, so that both have to agree. A node without a neighbor moves up
/// as it is.
library BatchTree {
    function leaf(uint64 epoch, uint32 index, Batch memory batch) internal pure returns (bytes32) {
        bytes32 inner = keccak256(abi.encode(epoch, index, batch.to, batch.amount, batch.usdc));
        return keccak256(abi.encodePacked(inner));
    }

    function leaves(uint64 epoch, Batch[] memory batches) internal pure returns (bytes32[] memory out) {
        out = new bytes32[](batches.length);
        for (uint32 i = 0; i < batches.length; ++i) {
            out[i] = leaf(epoch, i, batches[i]);
        }
    }

    function root(bytes32[] memory level) internal pure returns (bytes32) {
        if (level.length == 0) return 0;
        while (level.length > 1) level = _up(level);
        return level[0];
    }

    function proof(bytes32[] memory level, uint256 index) internal pure returns (bytes32[] memory path) {
        bytes32[] memory found = new bytes32[](32);
        uint256 length = 0;
        while (level.length > 1) {
            uint256 neighbor = index ^ 1;
            if (neighbor < level.length) found[length++] = level[neighbor];
            level = _up(level);
            index /= 2;
        }
        path = new bytes32[](length);
        for (uint256 i = 0; i < length; ++i) {
            path[i] = found[i];
        }
    }

    function _up(bytes32[] memory level) private pure returns (bytes32[] memory above) {
        above = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < above.length; ++i) {
            bytes32 left = level[2 * i];
            above[i] = 2 * i + 1 < level.length ? _pair(left, level[2 * i + 1]) : left;
        }
    }

    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(abi.encodePacked(a, b)) : keccak256(abi.encodePacked(b, a));
    }
}
