"""The power law of coverage: pass@k as a function of k."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from math import pow as power


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerLaw:
    """coverage(k) = exp(a k^b) with a <= 0 and b <= 0."""

    a: float
    b: float
    rmse: float
    """Root mean squared error of the coverage at the fitted points."""

    def __call__(self, k: float) -> float:
        """The coverage that the law forecasts."""
        return exp(self.a * power(k, self.b))


def power_law(points: Sequence[tuple[int, float]]) -> PowerLaw | None:
    """Fit the law to (k, coverage) by least squares on the logarithm of coverage.

    Source: Brown et al., arXiv 2407.21787, section 3. For a given b the best a is known in closed form; b is
    found by golden-section search in [-4, 0].

    Returns:
        The law, or None with fewer than three points of positive coverage, where it would fit anything.
    """
    seen = [(k, log(c)) for k, c in points if c > 0]
    if len(seen) < 3:
        return None

    def best_a(b: float) -> float:
        return min(0.0, sum(y * power(k, b) for k, y in seen) / sum(power(k, 2 * b) for k, _ in seen))

    def loss(b: float) -> float:
        a = best_a(b)
        return sum((y - a * power(k, b)) ** 2 for k, y in seen)

    low = -4.0
    high = 0.0
    ratio = (5**0.5 - 1) / 2
    while high - low > 1e-9:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    b = (low + high) / 2
    a = best_a(b)
    errors = [(exp(a * power(k, b)) - c) ** 2 for k, c in points if c > 0]
    return PowerLaw(a=a, b=b, rmse=(sum(errors) / len(errors)) ** 0.5)
