"""What one call may cost at most, and how it is made smaller where that does not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from branchwise.models.prices import Price
from branchwise.store.records import Budget, Usage

FLOOR = 32
"""Completion tokens below which no sample is asked for, unless samples of its kind have ended by themselves sooner."""

_ROUNDING = 1e-12


class Room(NamedTuple):
    """What is left of each limit; infinite where there is none."""

    tokens: float = float("inf")
    completion_tokens: float = float("inf")
    calls: float = float("inf")
    cost: float = float("inf")

    def plus(self, other: Room) -> Room:
        """Both together."""
        return Room(*(sum(pair) for pair in zip(self, other, strict=True)))

    def tighter(self, other: Room) -> Room:
        """The smaller of each."""
        return Room(*(min(pair) for pair in zip(self, other, strict=True)))


def gone(usage: Usage) -> Room:
    """What calls have taken of each limit."""
    return Room(usage.tokens, usage.completion_tokens, usage.calls, usage.cost)


def left_of(budget: Budget, spent: Room, held: Room) -> Room:
    """What is left of each limit when so much is spent and so much is reserved."""
    limits = (getattr(budget, name) for name in Room._fields)
    return Room(
        *(
            float("inf") if limit is None else limit - taken - set_aside
            for limit, taken, set_aside in zip(limits, spent, held, strict=True)
        )
    )


class Size(NamedTuple):
    """What of a call is sent."""

    n: int
    longest: int
    """Completion tokens of one sample at most: the `max_tokens` that is sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """One call as it was asked for."""

    kind: str = ""
    """What is asked, the last part of the call's key; lengths are learnt by kind."""
    prompt: int
    """Tokens that are read, estimated from above."""
    n: int = 1
    longest: int = 0
    """Completion tokens of one sample at most."""
    whole: bool = False
    """Whether a sample that is cut short is worth nothing, for it is one of a few choices."""
    apart: bool = False
    """Whether each sample is a request of its own, which reads the prompt again."""
    price: Price | None = None

    def costs(self, size: Size) -> Room:
        """What the call costs at most at this size."""
        requests = size.n if self.apart else 1
        read, written = self.prompt * requests, size.n * size.longest
        price = self.price.cost(read, written) if self.price is not None else 0.0
        return Room(read + written, written, requests, price)

    def fits(self, size: Size, room: Room) -> bool:
        """Whether the call fits at this size."""
        return all(cost <= left + _ROUNDING for cost, left in zip(self.costs(size), room, strict=True))

    def least(self, floor: int) -> Size:
        """The smallest call that is worth sending."""
        return Size(1, self.longest if self.whole else min(self.longest, floor))


def sized(need: Need, room: Room, *, usual: int | None, floor: int, alone: bool) -> Size | None:
    """The size at which a call fits: as asked, else fewer samples, else one that is shorter; None where none fits.

    Args:
        need: The call.
        room: What is left.
        usual: Completion tokens that leave room for twice the longest sample of its kind so far, where one was seen.
        floor: Completion tokens below which none is asked for.
        alone: Whether nothing else is in flight, so that nothing will come back for which a call could wait.
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
    """The largest whole number up to `most` that fits, given that all smaller ones do; 0 where none does."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
