// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EmissionSchedule} from "../src/EmissionSchedule.sol";
import {bounded, vm} from "./support/Vm.sol";

contract EmissionScheduleTest {
    uint256 private constant CAP = 100_000_000e18;
    uint256 private constant E0 = 41_095_890410958904109589;

    function test_theFirstYearReleases15PercentOfTheCapInEqualDays() public pure {
        vm.assertEq(EmissionSchedule.emission(0), E0, "first day");
        vm.assertEq(EmissionSchedule.emission(364), E0, "last day of the year");
        vm.assertLt(CAP * 15 / 100 - E0 * 365, 365, "rounding loses less than a base unit a day");
    }

    function test_theSecondYearReleases85PercentOfThat() public pure {
        vm.assertEq(EmissionSchedule.emission(365), E0 * 85 / 100, "first day");
        vm.assertEq(EmissionSchedule.emission(729), E0 * 85 / 100, "last day");
    }

    /// @dev Up to year 26 the formula as written fits 256 bits and needs no shortening.
    function testFuzz_equalsTheFormulaAsWritten(uint256 index) public pure {
        index = bounded(index, 0, 27 * 365 - 1);
        uint256 year = index / 365;
        vm.assertEq(EmissionSchedule.emission(index), E0 * 85 ** year / 100 ** year, "emission");
    }

    function testFuzz_neverRisesAndNeverFails(uint64 index) public pure {
        vm.assertLe(EmissionSchedule.emission(uint256(index) + 1), EmissionSchedule.emission(index), "emission");
    }

    function test_endsAfterSixtyYears() public pure {
        vm.assertTrue(EmissionSchedule.emission(60 * 365 - 1) > 1e18, "last day");
        vm.assertEq(EmissionSchedule.emission(60 * 365), 0, "day after");
    }

    function test_allYearsTogetherStayBelowTheCap() public pure {
        uint256 sum = 0;
        for (uint256 year = 0; year < 60; ++year) {
            sum += 365 * EmissionSchedule.emission(year * 365);
        }
        vm.assertLt(sum, CAP, "sum");
        vm.assertLt(CAP - sum, CAP / 10_000, "the schedule uses the cap up");
    }

    function test_withoutBurnsAPotIs40PercentOfTheEmission() public pure {
        vm.assertEq(EmissionSchedule.pot(0, 0), E0 * 40 / 100, "pot");
    }

    function testFuzz_burnsReleaseAsMuchAsTheyBurnUpToTheEmission(uint256 index, uint256 burned) public pure {
        index = bounded(index, 0, 61 * 365);
        uint256 emission = EmissionSchedule.emission(index);
        uint256 base = emission * 40 / 100;
        uint256 pot = EmissionSchedule.pot(index, burned);
        vm.assertLe(pot, emission, "a pot never exceeds the emission");
        vm.assertEq(pot - base, burned < emission * 60 / 100 ? burned : emission * 60 / 100, "burn-matched share");
    }
}
