"""Size calls to a budget: maximum cost of a call, and the largest size that fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from branchwise.models.prices import Price
from branchwise.store.records import Budget, Usage

FLOOR = 32
"""Minimum completion tokens of a request, unless samples of its kind have ended earlier by themselves."""

_ROUNDING = 1e-12
_INFINITE = float("inf")


class Room(NamedTuple):
    """The remainder of each limit; infinite without a limit."""

    tokens: float = float("inf")
    completion_tokens: float = float("inf")
    calls: float = float("inf")
    cost: float = float("inf")

    def plus(self, other: Room) -> Room:
        """The sum of both."""
        a, b, c, d = other
        return Room(self.tokens + a, self.completion_tokens + b, self.calls + c, self.cost + d)

    def minus(self, other: Room) -> Room:
        """The difference of both."""
        a, b, c, d = other
        return Room(self.tokens - a, self.completion_tokens - b, self.calls - c, self.cost - d)

    def tighter(self, other: Room) -> Room:
        """The elementwise minimum."""
        return Room(*(min(pair) for pair in zip(self, other, strict=True)))


def gone(usage: Usage) -> Room:
    """The amounts used of each limit."""
    return Room(usage.tokens, usage.completion_tokens, usage.calls, usage.cost)


def left_of(budget: Budget, spent: Room, held: Room) -> Room:
    """The remainder of each limit after the spent and the reserved amounts."""
    return limits_of(budget).minus(spent).minus(held)


def limits_of(budget: Budget) -> Room:
    """The limits of a budget; infinite where there is none."""
    return Room(
        *(
            _INFINITE if limit is None else limit
            for limit in (budget.tokens, budget.completion_tokens, budget.calls, budget.cost)
        )
    )


class Size(NamedTuple):
    """The size at which a call is sent."""

    n: int
    longest: int
    """Maximum completion tokens of one sample: the `max_tokens` that is sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """The resources of one call as requested."""

    kind: str = ""
    """The kind of call: the last part of its key; lengths are learnt by kind."""
    prompt: int
    """Upper estimate of the prompt tokens."""
    n: int = 1
    longest: int = 0
    """Maximum completion tokens of one sample."""
    whole: bool = False
    """Whether a truncated sample is worthless, because it is one of a few choices."""
    apart: bool = False
    """Whether each sample is a request of its own, which reads the prompt again."""
    price: Price | None = None

    def costs(self, size: Size) -> Room:
        """The call's maximum cost at this size."""
        requests = size.n if self.apart else 1
        read, written = self.prompt * requests, size.n * size.longest
        price = self.price.cost(read, written) if self.price is not None else 0.0
        return Room(read + written, written, requests, price)

    def fits(self, size: Size, room: Room) -> bool:
        """Whether the call fits at this size."""
        return all(cost <= left + _ROUNDING for cost, left in zip(self.costs(size), room, strict=True))

    def least(self, floor: int) -> Size:
        """The smallest useful size of the call."""
        return Size(1, self.longest if self.whole else min(self.longest, floor))


def sized(need: Need, room: Room, *, usual: int | None, floor: int, alone: bool) -> Size | None:
    """The size at which a call fits: as requested, else fewer samples, else one shorter sample; None if none fits.

    Args:
        need: The call's need.
        room: The remainder of each limit.
        usual: Completion tokens for twice the longest sample of its kind so far, if any.
        floor: Minimum completion tokens of a request.
        alone: Whether no other call is in flight, so that waiting cannot free anything.
    """
    asked = Size(need.n, need.longest)
    if need.fits(asked, room):
        return asked
    longest = need.longest if usual is None or need.whole else min(need.longest, usual)
    count = _largest(lambda n: need.fits(Size(n, longest), room), need.n)
    if count:
        return Size(count, longest)
    if not alone:
        return None
    least = need.least(floor)
    if not need.fits(least, room):
        return None
    return Size(1, _largest(lambda tokens: need.fits(Size(1, tokens), room), longest) if longest else 0)


def _largest(fits: Callable[[int], bool], most: int) -> int:
    """The largest integer up to `most` that fits, given that all smaller ones do; 0 if none does."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
