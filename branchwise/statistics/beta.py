"""The Beta distribution of a success rate: posterior, interval and fit, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_TINY = 1e-300
_NEAR = 0.02


@dataclass(frozen=True, slots=True)
class Beta:
    """Beta(a, b), a belief about a success rate in [0, 1]; the default is Jeffreys' prior."""

    a: float = 0.5
    b: float = 0.5

    def __post_init__(self) -> None:
        if not (0 < self.a < math.inf and 0 < self.b < math.inf):
            raise ValueError(
                f"The parameters of a Beta are positive and finite, not {self.a!r} and {self.b!r}."
            )

    @property
    def mean(self) -> float:
        """The expected success rate."""
        return self.a / (self.a + self.b)

    def after(self, successes: float, failures: float) -> Beta:
        """The posterior after so many successes and failures."""
        return Beta(self.a + successes, self.b + failures)

    def cdf(self, x: float) -> float:
        """Probability that the rate is at most `x`: the regularised incomplete beta function."""
        if x <= 0:
            return 0.0
        if x >= 1:
            return 1.0
        front = math.exp(self.a * math.log(x) + self.b * math.log1p(-x) - _log_beta(self.a, self.b))
        # The fraction converges fast only left of the mean; the other side is its mirror image.
        if x < (self.a + 1) / (self.a + self.b + 2):
            return min(1.0, front * _fraction(self.a, self.b, x) / self.a)
        return max(0.0, 1 - front * _fraction(self.b, self.a, 1 - x) / self.b)

    def quantile(self, share: float) -> float:
        """The rate that is exceeded with probability 1 - `share`, to within 1e-9, by bisection."""
        low, high = 0.0, 1.0
        while high - low > 1e-9:
            middle = (low + high) / 2
            low, high = (middle, high) if self.cdf(middle) < share else (low, middle)
        return (low + high) / 2

    def interval(self, mass: float) -> tuple[float, float]:
        """A credible interval that may contain 0 and 1.

        Equal tails contain neither, though most instances are never or always solved. Where the density is highest at
        an end, the whole tail is left out at the other one; an end closer than `_NEAR` is taken in.
        """
        tail = 1 - mass
        at_zero, at_one = self.a <= 1, self.b <= 1
        low = 0.0 if at_zero else self.quantile(tail if at_one else tail / 2)
        high = 1.0 if at_one else self.quantile(1 - (tail if at_zero else tail / 2))
        return (0.0 if low <= _NEAR else low, 1.0 if high >= 1 - _NEAR else high)

    def likelihood(self, successes: int, trials: int) -> float:
        """Log-likelihood of one instance's count (Beta-binomial, without the binomial coefficient)."""
        return _log_beta(self.a + successes, self.b + trials - successes) - _log_beta(self.a, self.b)

    @classmethod
    def fit(cls, counts: Iterable[tuple[int, int]], *, most: float = 1e3) -> Beta:
        """The Beta that makes instances' (successes, trials) likeliest, by the Beta-binomial.

        Args:
            counts: One pair an instance; instances without trials are left out.
            most: Bound of both parameters; identical instances would drive them to infinity.
        """
        seen = [(s, n) for s, n in counts if n > 0]
        if not seen:
            return cls()

        def loss(point: tuple[float, float]) -> float:
            beta = cls(math.exp(point[0]), math.exp(point[1]))
            return -sum(beta.likelihood(s, n) for s, n in seen)

        a, b = _descend(loss, (0.0, 0.0), bound=math.log(most))
        return cls(math.exp(a), math.exp(b))


def _descend(
    loss: Callable[[tuple[float, float]], float], start: tuple[float, float], *, bound: float
) -> tuple[float, float]:
    """Minimise over two coordinates by pattern search with a halving step."""
    best = start
    lowest = loss(start)
    stride = 1.0
    while stride > 1e-4:
        a, b = best
        around = [(a + s, b + t) for s in (-stride, 0, stride) for t in (-stride, 0, stride) if s or t]
        inside = [p for p in around if max(abs(p[0]), abs(p[1])) <= bound]
        value, point = min(((loss(p), p) for p in inside), default=(math.inf, best))
        if value < lowest:
            lowest, best = value, point
        else:
            stride /= 2
    return best


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 500):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away(1 + term * d)
            c = _away(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < 1e-12:
            break
    return value


def _away(x: float) -> float:
    return x if abs(x) > _TINY else _TINY
