import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from branchwise.statistics.beta import Beta

shapes = st.floats(0.05, 200)


def test_known_values() -> None:
    assert Beta(1, 1).cdf(0.3) == pytest.approx(0.3)
    assert Beta(2, 1).cdf(0.3) == pytest.approx(0.09)
    assert Beta(1, 3).cdf(0.2) == pytest.approx(1 - 0.8**3)
    # The arcsine law.
    assert Beta(0.5, 0.5).cdf(0.25) == pytest.approx(2 / math.pi * math.asin(0.5))


@settings(deadline=None)
@given(shapes, shapes, st.floats(0.001, 0.999))
def test_the_two_tails_sum_to_one(a: float, b: float, x: float) -> None:
    assert Beta(a, b).cdf(x) + Beta(b, a).cdf(1 - x) == pytest.approx(1, abs=1e-9)


@settings(deadline=None)
@given(shapes, shapes, st.floats(0.02, 0.98))
def test_quantile_undoes_cdf(a: float, b: float, share: float) -> None:
    beta = Beta(a, b)
    x = beta.quantile(share)
    assert beta.cdf(max(0.0, x - 1e-8)) <= share + 1e-6
    assert beta.cdf(min(1.0, x + 1e-8)) >= share - 1e-6


def test_fit_finds_the_likeliest_shape() -> None:
    # Exact Beta-binomial frequencies of Beta(0.5, 1.5) with 6 trials, as 4,000 instances.
    true = Beta(0.5, 1.5)
    counts = [
        (s, 6)
        for s in range(7)
        for _ in range(round(4000 * math.comb(6, s) * math.exp(true.likelihood(s, 6))))
    ]
    fitted = Beta.fit(counts)
    assert fitted.a == pytest.approx(0.5, rel=0.05)
    assert fitted.b == pytest.approx(1.5, rel=0.05)


def test_fit_of_nothing_is_the_prior() -> None:
    assert Beta.fit([(0, 0)]) == Beta()


@pytest.mark.parametrize("parameter", [0, -1, math.nan, math.inf])
def test_refuses_senseless_parameters(parameter: float) -> None:
    with pytest.raises(ValueError, match="positive and finite"):
        Beta(parameter, 1)


@given(st.floats(0.3, 40), st.floats(0.3, 40))
def test_an_interval_holds_its_mass_and_may_reach_the_ends(a: float, b: float) -> None:
    belief = Beta(a, b)
    low, high = belief.interval(0.9)
    assert belief.cdf(high) - belief.cdf(low) >= 0.9 - 1e-6
    assert 0 <= low <= high <= 1
    assert (low == 0) or a > 1
    assert (high == 1) or b > 1


def test_an_instance_that_was_never_solved_may_never_be() -> None:
    assert Beta().after(0, 8).interval(0.9)[0] == 0
    assert Beta().after(8, 0).interval(0.9)[1] == 1
