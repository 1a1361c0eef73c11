// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A payment token that answers in every way seen in the wild
contract OddUsdc is ERC20 {
    enum Answer {
        True,
        Nothing,
        False,
        ShortTrue,
        Revert,
        LongRevert,
        BurnAllGas
    }

    Answer private answer;

    /// @notice Transfers that went through.
    uint256 public transfers;

    constructor() ERC20("Odd", "ODD") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function answerWith(Answer answer_) external {
        answer = answer_;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (answer == Answer.False) return false;
        if (answer == Answer.Revert) revert("no");
        if (answer == Answer.BurnAllGas) while (true) {}
        if (answer == Answer.LongRevert) {
            assembly {
                revert(0, 200000)
            }
        }
        if (answer == Answer.ShortTrue) {
            assembly {
                mstore(0, shl(248, 1))
                return(0, 1)
            }
        }
        super.transfer(to, amount);
        transfers += 1;
        if (answer == Answer.Nothing) {
            assembly {
                return(0, 0)
            }
        }
        return true;
    }
}
