"""pass@k: the probability that at least one of k samples is right."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod


def pass_at_k(n: int, correct: int, k: int) -> float:
    """Estimate pass@k without bias from `n` samples of one instance of which `correct` are right.

    1 - C(n - correct, k) / C(n, k), as a product that cannot overflow (Brown et al., arXiv 2407.21787).

    Raises:
        ValueError: Not 1 <= k <= n or not 0 <= correct <= n; more samples than there are cannot be estimated.
    """
    if not (1 <= k <= n and 0 <= correct <= n):
        raise ValueError(f"pass@{k} cannot be estimated from {correct} right ones of {n} samples.")
    if n - correct < k:
        return 1.0
    return 1.0 - prod(1 - k / i for i in range(n - correct + 1, n + 1))


def coverage(counts: Iterable[tuple[int, int]], k: int) -> float:
    """The mean pass@k over instances, given as (samples, right ones)."""
    each = [pass_at_k(n, correct, k) for n, correct in counts]
    return sum(each) / len(each)
