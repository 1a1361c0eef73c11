// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A payment token that makes a call of its own before it moves anything
contract CallbackUsdc is ERC20 {
    address private target;
    bytes private call;

    /// @notice Whether the last such call failed.
    bool public wasRefused;

    constructor() ERC20("Callback", "CB") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function callOnTransfer(address target_, bytes calldata call_) external {
        (target, call, wasRefused) = (target_, call_, false);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (target != address(0)) {
            (bool succeeded,) = target.call(call);
            wasRefused = !succeeded;
        }
        return super.transfer(to, amount);
    }
}
