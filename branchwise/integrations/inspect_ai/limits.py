"""What Inspect's limits leave for a search."""

from __future__ import annotations

from typing import NamedTuple

from inspect_ai.util import Limit, sample_limits


class Left(NamedTuple):
    """What is left of a sample's limits; None where there is none."""

    tokens: int | None
    seconds: float | None
    cost: float | None


def left() -> Left:
    """What is left of the limits of the sample that is being worked on; nothing is limited outside of one."""
    try:
        limits = sample_limits()
    except RuntimeError:
        return Left(None, None, None)
    tokens, cost = limits.token.remaining, limits.cost.remaining
    seconds = _least(limits.time, limits.working)
    return Left(
        None if tokens is None else max(1, int(tokens)),
        None if seconds is None else max(0.001, seconds),
        None if cost is None else max(1e-9, cost),
    )


def _least(*limits: Limit) -> float | None:
    return min((one.remaining for one in limits if one.remaining is not None), default=None)
