"""Bootstrap confidence intervals over instances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A mean and its percentile interval."""

    mean: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low > 0 or self.high < 0

    @property
    def verdict(self) -> str:
        """Name a difference for a table: "gain", "loss", or "no gain" if the interval contains zero."""
        if not self.excludes_zero:
            return "no gain"
        return "gain" if self.mean > 0 else "loss"

    def percent(self, digits: int = 1) -> str:
        """For a table: `23.0 [17.1, 29.4]`, in percent."""
        return f"{100 * self.mean:.{digits}f} [{100 * self.low:.{digits}f}, {100 * self.high:.{digits}f}]"


def bootstrap(values: Sequence[float], *, draws: int = 2000, level: float = 0.95, seed: int = 0) -> Interval:
    """The mean of one value an instance, with a percentile interval.

    Instances are resampled, never samples: samples of one instance are not independent evidence.

    Args:
        values: One value an instance, averaged over whatever was repeated within it.
        draws: Bootstrap replicates.
        level: Share of replicates inside the interval.
        seed: Makes it repeatable.

    Raises:
        ValueError: There are no instances.
    """
    if not values:
        raise ValueError("An interval needs at least one instance.")
    rng, count = Random(seed), len(values)  # noqa: S311 - statistics, not secrets
    means = sorted(sum(rng.choices(values, k=count)) / count for _ in range(draws))
    tail = (1 - level) / 2
    low, high = means[int(tail * (draws - 1))], means[round((1 - tail) * (draws - 1))]
    return Interval(mean=sum(values) / count, low=low, high=high)


def paired(ours: Sequence[float], theirs: Sequence[float], *, draws: int = 2000, seed: int = 0) -> Interval:
    """The mean difference of two methods on the same instances, in the same order, with its interval."""
    return bootstrap([a - b for a, b in zip(ours, theirs, strict=True)], draws=draws, seed=seed)
