// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {EmissionSchedule} from "./EmissionSchedule.sol";
import {IBurnCounter} from "./IBurnCounter.sol";
import {RewardToken} from "./RewardToken.sol";
import {UsdcPayouts} from "./UsdcPayouts.sol";

/// @title Commit, wait, mint
/// @notice The committer fixes an epoch's payouts as one Merkle root of batches. For `delaySeconds` the guardian can
/// take it back; after that anyone may mint each batch, once. The schedule is computed here, so no key can release
/// more than it, and no key but the guardian can stop what matured. Not upgradeable.
/// @dev Epochs are numbered `floor(unixSeconds / epochSeconds)`. Token amounts are base units of 1e-18, USDC amounts
/// base units of 1e-6, times and durations seconds.
contract EpochDistributor is AccessControlDefaultAdminRules, Pausable, UsdcPayouts {
    using BitMaps for BitMaps.BitMap;
    using SafeCast for uint256;

    /// @notice What the network is set up with; nothing of it can change later.
    struct Config {
        /// The reward token; it must name this contract as its minter.
        RewardToken token;
        /// The token buyers pay with.
        IERC20 usdc;
        /// Counts burned reward tokens: the burn auction.
        IBurnCounter burnCounter;
        /// Seconds between a commit and its first mint: the guardian's time.
        uint64 delaySeconds;
        /// Length of an epoch: 86,400 on the real network.
        uint64 epochSeconds;
        /// First epoch that may be committed, at least 1: index 0 of the schedule.
        uint64 firstEpoch;
        /// Seconds between announcing a new admin and its acceptance.
        uint48 adminDelay;
        /// Grants and revokes roles; it can neither commit nor mint.
        address admin;
        /// Holder of COMMITTER_ROLE.
        address committer;
        /// Holder of GUARDIAN_ROLE.
        address guardian;
    }

    /// @notice A committed epoch. `maturesAt` is 0 where nothing is committed.
    struct Epoch {
        bytes32 root;
        uint128 total;
        uint128 minted;
        uint128 usdcTotal;
        /// USDC of the batches minted so far, whether transferred or claimable.
        uint128 usdcPaid;
        /// `reserve` before this commit.
        uint128 reservedBefore;
        /// Unix seconds: revocable before, mintable from then on.
        uint64 maturesAt;
        uint32 batchCount;
        uint32 batchesMinted;
    }

    /// @notice May commit epochs. A stolen key can at worst propose a bad epoch for the guardian to revoke.
    bytes32 public constant COMMITTER_ROLE = keccak256("COMMITTER_ROLE");

    /// @notice May revoke what has not matured, pause and unpause minting. It can pay nobody.
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    /// @notice Most recipients in a batch: 250 new holders stay below the 16,777,216 gas a transaction may use
    /// (EIP-7825).
    uint256 public constant MAX_RECIPIENTS = 250;

    /// @notice See `Config`, as for all of these.
    RewardToken public immutable token;
    IBurnCounter public immutable burnCounter;
    uint64 public immutable delaySeconds;
    uint64 public immutable epochSeconds;
    uint64 public immutable firstEpoch;

    /// @notice The newest committed epoch; `firstEpoch - 1` while none is.
    uint64 public lastCommittedEpoch;

    /// @notice Set aside by the last commit for device-days that close late; the next commit may spend it.
    uint128 public reserve;

    mapping(uint64 epoch => Epoch) private _epochs;
    mapping(uint64 epoch => BitMaps.BitMap) private _mintedBatches;

    /// @notice An epoch was committed. The hashes name the public inputs from which anyone can recompute `root`.
    event Committed(
        uint64 indexed epoch,
        bytes32 indexed root,
        uint256 total,
        uint256 reserved,
        uint256 usdcTotal,
        uint32 batchCount,
        bytes32 reportHash,
        bytes32 ruleSetHash,
        bytes32 dataRoot
    );

    /// @notice Epochs `from` to `last`, both included, were taken back.
    event Revoked(uint64 indexed from, uint64 indexed last);

    /// @notice A batch was paid. `usdc` includes what became claimable instead of being transferred.
    event BatchMinted(uint64 indexed epoch, uint32 indexed index, uint256 recipients, uint256 amount, uint256 usdc);

    /// @notice A duration or the first epoch of the config is 0.
    error ZeroConfig();

    /// @notice The token names another minter.
    error NotTheMinter(address minter);

    /// @notice Another epoch is next.
    error WrongEpochOrder(uint64 expected, uint64 given);

    /// @notice The epoch has not ended; `endsAt` is unix seconds.
    error EpochNotOver(uint64 epoch, uint256 endsAt);

    /// @notice The epoch has amounts to pay and no batch to pay them with.
    error NoBatches(uint64 epoch);

    /// @notice Total and reserve exceed the pot and the reserve from before.
    error OverBudget(uint256 total, uint256 reserved, uint256 budget);

    /// @notice No commit of this epoch is in force.
    error NotCommitted(uint64 epoch);

    /// @notice Too late to revoke.
    error AlreadyMatured(uint64 epoch);

    /// @notice Too early to mint; `maturesAt` is unix seconds.
    error NotMatured(uint64 epoch, uint256 maturesAt);

    /// @notice The epoch has fewer batches.
    error NoSuchBatch(uint64 epoch, uint32 index);

    /// @notice The batch was paid before.
    error AlreadyMinted(uint64 epoch, uint32 index);

    /// @notice A batch has 1 to `MAX_RECIPIENTS` recipients.
    error BadBatchSize(uint256 recipients);

    /// @notice The lists of a batch differ in length.
    error LengthMismatch(uint256 recipients, uint256 amounts, uint256 usdcAmounts);

    /// @notice This is not what the committed root says about the batch.
    error BadProof(uint64 epoch, uint32 index);

    /// @notice The committed root contains more than the committed totals.
    error OverTotal(uint64 epoch);

    constructor(Config memory config)
        AccessControlDefaultAdminRules(config.adminDelay, config.admin)
        UsdcPayouts(config.usdc)
    {
        if (config.delaySeconds == 0 || config.epochSeconds == 0 || config.firstEpoch == 0) revert ZeroConfig();
        if (address(config.token).code.length == 0) revert NotAContract(address(config.token));
        if (address(config.burnCounter).code.length == 0) revert NotAContract(address(config.burnCounter));
        if (config.token.minter() != address(this)) revert NotTheMinter(config.token.minter());
        token = config.token;
        burnCounter = config.burnCounter;
        delaySeconds = config.delaySeconds;
        epochSeconds = config.epochSeconds;
        firstEpoch = config.firstEpoch;
        lastCommittedEpoch = config.firstEpoch - 1;
        _grantRole(COMMITTER_ROLE, config.committer);
        _grantRole(GUARDIAN_ROLE, config.guardian);
    }

    /// @notice Fixes what an epoch pays. Epochs come one after another; an epoch that pays nobody is committed with
    /// `batchCount` 0. What the pot leaves unused is never minted; only the reserve carries over.
    /// @param root Merkle root over the batches' leaves (see `leafOf`), pairs sorted before hashing
    /// @param total sum of all batches' token amounts
    /// @param reserved set aside for the next epoch; replaces the reserve of the commit before
    /// @param usdcTotal sum of all batches' USDC, at most what is here and free
    function commitEpoch(
        uint64 epoch,
        bytes32 root,
        uint256 total,
        uint256 reserved,
        uint256 usdcTotal,
        uint32 batchCount,
        bytes32 reportHash,
        bytes32 ruleSetHash,
        bytes32 dataRoot
    ) external onlyRole(COMMITTER_ROLE) {
        _requireNext(epoch);
        if (batchCount == 0 && (total != 0 || usdcTotal != 0)) revert NoBatches(epoch);
        _requireWithinBudget(epoch, total, reserved);
        _promiseUsdc(usdcTotal);
        bool paysNothing = total == 0 && reserved == 0 && usdcTotal == 0;
        _epochs[epoch] = Epoch({
            root: root,
            total: total.toUint128(),
            minted: 0,
            usdcTotal: usdcTotal.toUint128(),
            usdcPaid: 0,
            reservedBefore: reserve,
            maturesAt: _nextMaturity(paysNothing),
            batchCount: batchCount,
            batchesMinted: 0
        });
        lastCommittedEpoch = epoch;
        reserve = reserved.toUint128();
        emit Committed(epoch, root, total, reserved, usdcTotal, batchCount, reportHash, ruleSetHash, dataRoot);
    }

    /// @notice Takes back an epoch that has not matured, and all later ones, as if they had never been committed:
    /// the order, the reserve and the promised USDC are those from before.
    /// @dev No epoch matures before an earlier one, so none of the later ones has matured. Long rows can be taken back in
    /// parts, the newest first.
    function revokeFrom(uint64 epoch) external onlyRole(GUARDIAN_ROLE) {
        Epoch storage first = _epochs[epoch];
        if (first.maturesAt == 0) revert NotCommitted(epoch);
        if (block.timestamp >= first.maturesAt) revert AlreadyMatured(epoch);
        uint64 last = lastCommittedEpoch;
        reserve = first.reservedBefore;
        lastCommittedEpoch = epoch - 1;
        for (uint64 e = epoch; e <= last; ++e) {
            _releaseUsdc(_epochs[e].usdcTotal);
            delete _epochs[e];
        }
        emit Revoked(epoch, last);
    }

    /// @notice Stops minting. Commits, revokes and claims go on.
    function pause() external onlyRole(GUARDIAN_ROLE) {
        _pause();
    }

    /// @notice Lets minting go on.
    function unpause() external onlyRole(GUARDIAN_ROLE) {
        _unpause();
    }

    /// @notice Pays one batch of a matured epoch, once. Anyone may call: the root says who gets what. Token amounts
    /// are minted, USDC is transferred; a USDC transfer that fails becomes claimable and stops nothing.
    function mintBatch(
        uint64 epoch,
        uint32 index,
        address[] calldata to,
        uint256[] calldata amount,
        uint256[] calldata usdcAmount,
        bytes32[] calldata proof
    ) external whenNotPaused {
        _useBatch(epoch, index);
        if (to.length == 0 || to.length > MAX_RECIPIENTS) revert BadBatchSize(to.length);
        if (amount.length != to.length || usdcAmount.length != to.length) {
            revert LengthMismatch(to.length, amount.length, usdcAmount.length);
        }
        bytes32 leaf = leafOf(epoch, index, to, amount, usdcAmount);
        if (!MerkleProof.verifyCalldata(proof, _epochs[epoch].root, leaf)) revert BadProof(epoch, index);
        uint256 amountSum = _sum(amount);
        uint256 usdcSum = _sum(usdcAmount);
        uint256 released = _countBatch(epoch, amountSum, usdcSum);
        token.mintMany(to, amount);
        if (usdcSum != 0) _payUsdc(epoch, to, usdcAmount);
        if (released != 0) _releaseUsdc(released);
        emit BatchMinted(epoch, index, to.length, amountSum, usdcSum);
    }

    /// @notice A committed epoch; all zero where nothing is committed.
    function epochs(uint64 epoch) external view returns (Epoch memory) {
        return _epochs[epoch];
    }

    /// @notice Whether the batch was paid.
    function isMinted(uint64 epoch, uint32 index) external view returns (bool) {
        return _mintedBatches[epoch].get(index);
    }

    /// @notice Most tokens the schedule releases for an epoch; 0 before the first one.
    function emission(uint64 epoch) external view returns (uint256) {
        return epoch < firstEpoch ? 0 : EmissionSchedule.emission(epoch - firstEpoch);
    }

    /// @notice Tokens burned while the epoch lasted: a burn counts in the epoch it happened in, whenever that is
    /// committed. Final once the epoch is over.
    function burnedIn(uint64 epoch) public view returns (uint256) {
        uint256 startsAt = uint256(epoch) * epochSeconds;
        return burnCounter.burnedThrough(startsAt + epochSeconds - 1) - burnCounter.burnedThrough(startsAt - 1);
    }

    /// @notice What an epoch may pay without a reserve; 0 before the first one. Final once the epoch is over.
    function pot(uint64 epoch) public view returns (uint256) {
        return epoch < firstEpoch ? 0 : EmissionSchedule.pot(epoch - firstEpoch, burnedIn(epoch));
    }

    /// @notice The Merkle leaf of a batch. Hashed twice, so that no inner node can pass for a leaf.
    function leafOf(
        uint64 epoch,
        uint32 index,
        address[] calldata to,
        uint256[] calldata amount,
        uint256[] calldata usdcAmount
    ) public pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(epoch, index, to, amount, usdcAmount))));
    }

    /// @dev The next number and no other, from the first epoch on: one that is skipped could never be paid. The epoch must
    /// be over, so that a stolen key cannot commit years ahead.
    function _requireNext(uint64 epoch) private view {
        uint64 next = lastCommittedEpoch + 1;
        if (epoch != next) revert WrongEpochOrder(next, epoch);
        uint256 endsAt = (uint256(epoch) + 1) * epochSeconds;
        if (block.timestamp < endsAt) revert EpochNotOver(epoch, endsAt);
    }

    function _requireWithinBudget(uint64 epoch, uint256 total, uint256 reserved) private view {
        uint256 budget = pot(epoch) + reserve;
        if (total > budget || reserved > budget - total) revert OverBudget(total, reserved, budget);
    }

    /// @dev Epochs that are committed together mature one delay after another, so that a guardian who looks once a delay
    /// loses one epoch's pot to a stolen key, however many epochs were open. An epoch that moves nothing waits for
    /// nobody, but does not overtake.
    function _nextMaturity(bool paysNothing) private view returns (uint64) {
        uint256 before = _epochs[lastCommittedEpoch].maturesAt;
        uint256 afterIt = paysNothing ? before : before + delaySeconds;
        return Math.max(block.timestamp + delaySeconds, afterIt).toUint64();
    }

    /// @dev Checks that the batch may be minted and marks it before anything is paid.
    function _useBatch(uint64 epoch, uint32 index) private {
        Epoch storage committed = _epochs[epoch];
        if (committed.maturesAt == 0) revert NotCommitted(epoch);
        if (block.timestamp < committed.maturesAt) revert NotMatured(epoch, committed.maturesAt);
        if (index >= committed.batchCount) revert NoSuchBatch(epoch, index);
        BitMaps.BitMap storage minted = _mintedBatches[epoch];
        if (minted.get(index)) revert AlreadyMinted(epoch, index);
        minted.set(index);
    }

    /// @dev Adds a batch to its epoch's sums. Returns the promised USDC it frees: its own and, with the last batch,
    /// what the batches together left of the promise.
    function _countBatch(uint64 epoch, uint256 amountSum, uint256 usdcSum) private returns (uint256 released) {
        Epoch storage committed = _epochs[epoch];
        uint256 minted = committed.minted + amountSum;
        uint256 usdcPaid = committed.usdcPaid + usdcSum;
        if (minted > committed.total || usdcPaid > committed.usdcTotal) revert OverTotal(epoch);
        committed.minted = minted.toUint128();
        committed.usdcPaid = usdcPaid.toUint128();
        committed.batchesMinted += 1;
        released = usdcSum;
        if (committed.batchesMinted == committed.batchCount) released += committed.usdcTotal - usdcPaid;
    }

    function _sum(uint256[] calldata values) private pure returns (uint256 sum) {
        for (uint256 i = 0; i < values.length; ++i) {
            sum += values[i];
        }
    }
}
