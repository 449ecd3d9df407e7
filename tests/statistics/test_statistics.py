"""The statistics of the harness against exact values and enumeration."""

import itertools
import math
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.evals.selective import selective
from branchwise.statistics.bootstrap import bootstrap, paired
from branchwise.statistics.pass_at_k import coverage, pass_at_k
from branchwise.statistics.power_law import power_law
from branchwise.statistics.reliability import reliability
from branchwise.statistics.repeated import repeated
from branchwise.statistics.split_half import split_half


@pytest.mark.parametrize(("k", "expected"), [(1, 0.3), (2, 0.53333333), (5, 0.91666667), (8, 1.0)])
def test_pass_at_k_of_the_known_vector(k: int, expected: float) -> None:
    assert pass_at_k(10, 3, k) == pytest.approx(expected)


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_share_of_draws_that_hit(case: tuple[int, int, int]) -> None:
    n, correct, k = case
    draws = list(itertools.combinations(range(n), k))
    assert pass_at_k(n, correct, k) == pytest.approx(fmean(min(d) < correct for d in draws))


def test_pass_at_k_stays_exact_where_factorials_would_not() -> None:
    assert pass_at_k(100_000, 1, 50_000) == pytest.approx(0.5)


@pytest.mark.parametrize("case", [(5, 3, 6), (5, 6, 1), (5, -1, 1), (5, 3, 0)])
def test_pass_at_k_refuses_what_cannot_be_estimated(case: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be estimated"):
        pass_at_k(*case)


def test_coverage_is_a_mean_over_instances() -> None:
    assert coverage([(10, 3), (4, 4)], 2) == pytest.approx((0.53333333 + 1) / 2)


def test_power_law_finds_its_own_curve() -> None:
    law = power_law([(k, math.exp(-1.6 * k**-0.4)) for k in (1, 2, 4, 8, 16, 32)])
    assert law is not None
    assert (law.a, law.b, law.rmse) == pytest.approx((-1.6, -0.4, 0), abs=1e-5)
    assert law(100) == pytest.approx(math.exp(-1.6 * 100**-0.4), abs=1e-5)


def test_two_points_are_no_law() -> None:
    assert power_law([(1, 0.2), (2, 0.3), (4, 0.0)]) is None


def test_bootstrap_is_near_the_normal_interval() -> None:
    values = [float(i % 10 < 3) for i in range(400)]
    found = bootstrap(values)
    width = 1.96 * (0.3 * 0.7 / 400) ** 0.5
    assert found.mean == pytest.approx(0.3)
    assert found.low == pytest.approx(0.3 - width, abs=0.01)
    assert found.high == pytest.approx(0.3 + width, abs=0.01)
    assert bootstrap(values) == found


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_an_interval_stays_in_the_range_of_its_values(values: list[float]) -> None:
    found = bootstrap(values, draws=50)
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9


def test_pairing_sees_what_separate_intervals_cannot() -> None:
    theirs = [float(i % 2) for i in range(60)]
    ours = [value + 0.05 * (i % 3) for i, value in enumerate(theirs)]
    assert paired(ours, theirs).excludes_zero
    assert bootstrap(ours).low < bootstrap(theirs).high


def test_brier_of_known_forecasts() -> None:
    found = reliability([1.0, 0.0, 0.5, 0.5], [1, 0, 1, 0])
    assert found.brier == pytest.approx(0.125)
    assert found.base == pytest.approx(0.25)
    assert found.skill == pytest.approx(0.5)
    assert found.error == 0
    assert [b.count for b in found.bins] == [1, 2, 1]


def test_repeated_runs() -> None:
    found = repeated([[True, True, True], [True, True, False], [True, False, False], [False, False, False]])
    assert (found.average, found.minimum, found.maximum, found.majority) == (0.5, 0.25, 0.75, 0.5)


@given(
    st.integers(1, 5).flatmap(lambda n: st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=1))
)
def test_minimum_average_and_maximum_are_in_order(runs: list[list[bool]]) -> None:
    found = repeated(runs)
    assert found.minimum <= found.average <= found.maximum
    assert found.minimum <= found.majority <= found.maximum


def test_precision_counts_accepted_answers_only() -> None:
    found = selective([(True, True), (False, True), (True, False), (None, False)])
    assert (found.precision, found.accepted, found.abstained) == (0.5, 0.5, 0.25)
    assert selective([(None, False)]).precision is None


def test_split_half_is_not_flattered_by_luck() -> None:
    # What the first half shows is chance: the second half shows the opposite.
    first = {"a": [1.0, 0.0], "b": [0.0, 1.0]}
    second = {"a": [0.0, 1.0], "b": [1.0, 0.0]}
    assert split_half(first, second) == [0.0, 0.0]
    assert split_half(first, first) == [1.0, 1.0]


def test_split_half_breaks_ties_by_what_is_best_overall() -> None:
    halves = {"a": [1.0, 1.0, 0.0], "b": [0.0, 1.0, 0.0]}
    assert split_half(halves, {"a": [1.0, 1.0, 0.5], "b": [0.0, 0.0, 0.0]}) == [1.0, 1.0, 0.25]


@pytest.mark.parametrize("call", [lambda: bootstrap([]), lambda: repeated([]), lambda: selective([])])
def test_nothing_is_no_evidence(call: object) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match="at least one"):
        call()
