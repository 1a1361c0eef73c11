// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

import {IBurnCounter} from "./IBurnCounter.sol";
import {RewardToken} from "./RewardToken.sol";

/// @title Sells the sales' share of USDC for reward tokens and burns them
/// @notice USDC arrives by plain transfer, with the batches of an epoch. Anyone may put what lies here up as a lot, whose
/// price in tokens halves again and again until somebody takes it. The first taker sets the price: there is no oracle.
/// @dev Nobody has a role here. Lots do not wait for one another, so a small one that nobody wants holds nothing up.
/// Amounts are base units: 1e-18 of RewardToken, 1e-6 of USDC.
contract BurnAuction is IBurnCounter {
    using Checkpoints for Checkpoints.Trace208;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @notice What the auction is set up with; nothing of it can change later.
    struct Config {
        /// What takers burn.
        RewardToken token;
        /// What they get.
        IERC20 usdc;
        /// Seconds in which the price of a lot halves.
        uint64 halfLifeSeconds;
        /// Least USDC that makes a lot, so that nobody moves the starting price with a coin.
        uint128 leastLot;
        /// Reward token base units for one USDC base unit that a lot asks for at least when it starts.
        uint128 leastStartRate;
    }

    /// @notice An open lot; all zero where there is none (any more).
    struct Lot {
        uint128 usdc;
        /// Token base units asked for at the start.
        uint128 startPrice;
        /// Unix seconds.
        uint64 startedAt;
    }

    /// @notice A lot starts at this many times the price a USDC that the lot taken last went for.
    uint256 public constant START_FACTOR = 4;

    /// @notice See `Config`, as for all of these.
    RewardToken public immutable token;
    IERC20 public immutable usdc;
    uint64 public immutable halfLifeSeconds;
    uint128 public immutable leastLot;
    uint128 public immutable leastStartRate;

    /// @notice Lots ever started; they are numbered from 1.
    uint256 public lotCount;

    /// @notice USDC of all open lots.
    uint256 public usdcInLots;

    /// @notice The lot taken last: what it held and what was burned for it.
    uint128 public lastUsdc;
    uint128 public lastPrice;

    mapping(uint256 id => Lot) private _lots;
    Checkpoints.Trace208 private _burned;

    /// @notice A lot is open.
    event LotStarted(uint256 indexed id, uint256 usdc, uint256 startPrice);

    /// @notice A lot was taken, and its price burned.
    event LotTaken(uint256 indexed id, address indexed taker, uint256 usdc, uint256 burned);

    /// @notice A value of the config is 0, or an address holds no contract.
    error BadConfig();

    /// @notice Too little USDC lies here for a lot.
    error TooLittleUsdc(uint256 free, uint256 least);

    /// @notice The lot was taken or never started.
    error NoSuchLot(uint256 id);

    /// @notice The lot costs more than the taker is willing to burn.
    error PriceAbove(uint256 price, uint256 most);

    constructor(Config memory config) {
        if (config.halfLifeSeconds == 0 || config.leastLot == 0 || config.leastStartRate == 0) revert BadConfig();
        if (address(config.token).code.length == 0 || address(config.usdc).code.length == 0) revert BadConfig();
        token = config.token;
        usdc = config.usdc;
        halfLifeSeconds = config.halfLifeSeconds;
        leastLot = config.leastLot;
        leastStartRate = config.leastStartRate;
    }

    /// @notice Puts all USDC that lies here and is in no lot up as a new lot. Anyone may call.
    /// @return id of the lot
    function start() external returns (uint256 id) {
        uint256 amount = usdc.balanceOf(address(this)) - usdcInLots;
        if (amount < leastLot) revert TooLittleUsdc(amount, leastLot);
        uint256 startPrice = _startPrice(amount);
        id = ++lotCount;
        usdcInLots += amount;
        _lots[id] =
            Lot({usdc: amount.toUint128(), startPrice: startPrice.toUint128(), startedAt: uint64(block.timestamp)});
        emit LotStarted(id, amount, startPrice);
    }

    /// @notice Burns a lot's price from the caller, who must have allowed it (or permitted, EIP-2612), for its USDC.
    /// @param most tokens to burn at most: a reorganized chain may show an earlier second
    function take(uint256 id, uint256 most) external {
        uint256 price = priceOf(id);
        if (price > most) revert PriceAbove(price, most);
        uint128 amount = _lots[id].usdc;
        delete _lots[id];
        lastUsdc = amount;
        lastPrice = price.toUint128();
        _burned.push(uint48(block.timestamp), (_burned.latest() + price).toUint208());
        emit LotTaken(id, msg.sender, amount, price);
        token.burnFrom(msg.sender, price);
        usdc.safeTransfer(msg.sender, amount);
        // Last: until then too little counts as free, so a token that calls back could start no lot over this USDC.
        usdcInLots -= amount;
    }

    /// @notice An open lot.
    function lots(uint256 id) external view returns (Lot memory) {
        return _lots[id];
    }

    /// @inheritdoc IBurnCounter
    function burnedThrough(uint256 timestamp) external view returns (uint256) {
        return _burned.upperLookupRecent(Math.min(timestamp, type(uint48).max).toUint48());
    }

    /// @notice Token base units that taking the lot burns now.
    /// @dev Halves every `halfLifeSeconds`, in a straight line between the halvings, rounded up: never 0, so nothing is
    /// ever given away without a burn, and never so high for so long that a lot could not be sold.
    function priceOf(uint256 id) public view returns (uint256) {
        Lot memory lot = _lots[id];
        if (lot.usdc == 0) revert NoSuchLot(id);
        uint256 elapsed = block.timestamp - lot.startedAt;
        uint256 halvings = elapsed / halfLifeSeconds;
        if (halvings >= 128) return 1;
        uint256 full = Math.ceilDiv(lot.startPrice, uint256(1) << halvings);
        return full - Math.mulDiv(full, elapsed % halfLifeSeconds, 2 * uint256(halfLifeSeconds));
    }

    /// @dev At least the configured rate, so that a lot taken for nothing on an unwatched day does not make the next
    /// ones cheap; at most all tokens there can be, so that a lot bought dear delays the next ones by a bounded time.
    function _startPrice(uint256 amount) private view returns (uint256) {
        uint256 least = amount * leastStartRate;
        uint256 price = lastUsdc == 0 ? least : Math.max(least, Math.mulDiv(START_FACTOR * lastPrice, amount, lastUsdc));
        return Math.min(price, token.CAP());
    }
}
