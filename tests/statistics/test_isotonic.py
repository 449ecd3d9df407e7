import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from branchwise.statistics.isotonic import Steps, isotonic

points = st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1)), min_size=1, max_size=60)


def test_pools_what_falls() -> None:
    fitted = isotonic([(1, 0.0), (2, 1.0), (3, 0.0), (4, 1.0)])
    assert [fitted(x) for x in (1, 2, 3, 4)] == [0.0, 0.5, 0.5, 1.0]


def test_equal_points_share_a_step() -> None:
    fitted = isotonic([(1, 0.0), (1, 1.0), (2, 1.0)])
    assert [fitted(0), fitted(1), fitted(9)] == [0.5, 0.5, 1.0]


@settings(deadline=None)
@given(points)
def test_rises_and_keeps_the_mean(seen: list[tuple[float, float]]) -> None:
    fitted = isotonic(seen)
    xs = sorted(x for x, _ in seen)
    assert all(fitted(a) <= fitted(b) for a, b in itertools.pairwise(xs))
    assert sum(fitted(x) for x in xs) == pytest.approx(sum(y for _, y in seen), abs=1e-6)


@settings(deadline=None)
@given(points)
def test_no_constant_fits_better(seen: list[tuple[float, float]]) -> None:
    fitted, mean = isotonic(seen), sum(y for _, y in seen) / len(seen)
    assert sum((fitted(x) - y) ** 2 for x, y in seen) <= sum((mean - y) ** 2 for _, y in seen) + 1e-9


@settings(deadline=None)
@given(points)
def test_what_rises_already_stays(seen: list[tuple[float, float]]) -> None:
    fitted = isotonic(seen)
    again = isotonic([(x, fitted(x)) for x, _ in seen])
    assert all(again(x) == pytest.approx(fitted(x), abs=1e-9) for x, _ in seen)


def test_refuses_nothing_and_nonsense() -> None:
    with pytest.raises(ValueError, match="no points"):
        isotonic([])
    with pytest.raises(ValueError, match="rising edges"):
        Steps(edges=(1.0,), values=(0.5, 0.4))
