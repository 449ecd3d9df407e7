"""Fit a mixture of two Weibull distributions to positive numbers by expectation maximisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, fsum, gamma, isfinite, log

_SHAPES = (0.01, 200.0)
_TURNS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Weibull:
    """A Weibull distribution."""

    shape: float
    scale: float

    @property
    def mean(self) -> float:
        """The expectation."""
        return self.scale * gamma(1 + 1 / self.shape)

    def log_density(self, x: float) -> float:
        """The logarithm of the density at `x` > 0."""
        ratio = log(x / self.scale)
        return log(self.shape / self.scale) + (self.shape - 1) * ratio - exp(min(self.shape * ratio, 700.0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Mixture:
    """Two Weibull distributions; `high` has the larger mean."""

    weight: float
    """Share of `high`, in [0.2, 0.8]."""
    high: Weibull
    low: Weibull

    def posterior(self, x: float) -> float:
        """The probability that `x` came from `high`."""
        up, down = log(self.weight) + self.high.log_density(x), log(1 - self.weight) + self.low.log_density(x)
        return 1 / (1 + exp(min(down - up, 700.0)))


def fit(values: Sequence[float]) -> Mixture | None:
    """Fit by maximum likelihood from the start point and within the bounds of WNJXYK/RPC.

    Args:
        values: At least 8 numbers in (0, 1].

    Returns:
        The mixture, or None where the numbers do not determine one (too few, or all alike).
    """
    if len(values) < 8 or min(values) <= 0 or max(values) - min(values) < 1e-12:
        return None
    now = Mixture(weight=0.5, high=Weibull(shape=1.0, scale=1.0), low=Weibull(shape=1.5, scale=2.0))
    before = -float("inf")
    for _ in range(_TURNS):
        share = [now.posterior(x) for x in values]
        high = _fit_one(values, share)
        low = _fit_one(values, [1 - s for s in share])
        if high is None or low is None:
            return None
        # The likelihood is concave in the weight, so the nearest bound is the best of what is allowed.
        now = Mixture(weight=min(0.8, max(0.2, fsum(share) / len(share))), high=high, low=low)
        after = fsum(_log_likelihood(now, x) for x in values)
        if abs(after - before) < 1e-7 * len(values):
            break
        before = after
    if now.high.mean < now.low.mean:
        now = Mixture(weight=1 - now.weight, high=now.low, low=now.high)
    return now


def _log_likelihood(mixture: Mixture, x: float) -> float:
    up = log(mixture.weight) + mixture.high.log_density(x)
    down = log(1 - mixture.weight) + mixture.low.log_density(x)
    return max(up, down) + log(1 + exp(-abs(up - down)))


def _fit_one(values: Sequence[float], weights: Sequence[float]) -> Weibull | None:
    """The weighted maximum-likelihood Weibull: Newton on the shape, then the scale in closed form."""
    total = fsum(weights)
    if total < 1e-6:
        return None
    logs = [log(x) for x in values]
    mean = fsum(w * y for w, y in zip(weights, logs, strict=True)) / total
    shape = 1.0
    low, high = _SHAPES
    for _ in range(60):
        # Powers relative to the largest value, for x ** 200 would leave the range of a float.
        powers = [w * exp(shape * (y - max(logs))) for w, y in zip(weights, logs, strict=True)]
        s0 = fsum(powers)
        if s0 <= 0:
            return None
        s1 = fsum(p * y for p, y in zip(powers, logs, strict=True)) / s0
        s2 = fsum(p * y * y for p, y in zip(powers, logs, strict=True)) / s0
        slope = s1 - 1 / shape - mean
        low, high = (low, shape) if slope > 0 else (shape, high)
        step = shape - slope / (s2 - s1 * s1 + 1 / shape**2)
        step = step if low < step < high else (low + high) / 2
        if abs(step - shape) < 1e-9 * shape:
            break
        shape = step
    scale = exp(max(logs) + log(s0 / total) / shape)
    return Weibull(shape=shape, scale=scale) if isfinite(scale) and scale > 0 else None
