"""The tests of the oracle's bench find what there is, and nothing else."""

import math
import random

import pytest

from bench.oracle.statistics import detectable, distribution_test, holm, power, rank_test

_TRIALS = 300


def _sample(chance: random.Random, size: int = 200, middle: float = 0.0, spread: float = 1.0) -> list[float]:
    return [chance.gauss(middle, spread) for _ in range(size)]


@pytest.mark.parametrize("test", [rank_test, distribution_test])
def test_samples_of_one_distribution_are_told_apart_as_seldom_as_the_level_says(test: object) -> None:
    chance = random.Random(7)  # noqa: S311 - samples
    found = sum(test(_sample(chance), _sample(chance)) < 0.05 for _ in range(_TRIALS))  # type: ignore[operator]
    assert 0.01 < found / _TRIALS < 0.09


def test_ranks_find_a_shift_and_distributions_find_a_spread() -> None:
    chance = random.Random(8)  # noqa: S311 - samples
    usual, later = _sample(chance), _sample(chance, middle=1.0)
    wider = [4 * value for value in usual]
    assert rank_test(usual, later) < 1e-9
    assert distribution_test(usual, later) < 1e-6
    assert distribution_test(usual, wider) < 1e-4
    assert rank_test(usual, wider) > 0.05


def test_ranks_count_ties_as_textbooks_do() -> None:
    one, other = [1.0, 2.0, 2.0, 3.0, 5.0], [2.0, 4.0, 5.0, 6.0, 7.0]
    # Ranks of the first: 1, 3, 3, 5, 7.5 make 19.5, so U = 4.5; ties of three and of two.
    variance = 25 / 12 * (11 - (24 + 6) / 90)
    assert rank_test(one, other) == pytest.approx(math.erfc((8 - 0.5) / math.sqrt(2 * variance)))
    assert rank_test(one, other) == rank_test(other, one)
    assert rank_test([1.0, 1.0], [1.0, 1.0]) == 1.0


def test_a_distance_gets_the_p_value_of_kolmogorovs_distribution() -> None:
    """Its tables give 0.05 at 1.358, and 0.01 at 1.628."""
    size = 20_000
    root = math.sqrt(size / 2)
    for reach, p_value in ((1.358, 0.05), (1.628, 0.01)):
        shift = round(reach / root * size)
        later = [float(number + shift) for number in range(size)]
        found = distribution_test([float(number) for number in range(size)], later)
        assert found == pytest.approx(p_value, rel=0.05)
    assert distribution_test([0.0] * 50, [1.0] * 50) < 1e-20
    assert distribution_test([1.0, 2.0], [1.0, 2.0]) == 1.0


def test_holm_corrects_as_in_his_paper() -> None:
    corrected = holm({"a": 0.01, "b": 0.04, "c": 0.03})
    assert corrected == pytest.approx({"a": 0.03, "c": 0.06, "b": 0.06})


def test_power_grows_with_the_shift_and_says_what_is_detectable() -> None:
    chance = random.Random(9)  # noqa: S311 - samples
    sample = _sample(chance)
    assert power(sample, 0.0, 0.01, chance) < 0.1
    assert power(sample, 1.0, 0.01, chance) > 0.9
    assert 0.2 <= detectable(sample, (0.05, 0.2, 0.5, 1.0), 0.01, chance) <= 0.5
    assert detectable(sample, (0.001,), 0.01, chance) == math.inf
