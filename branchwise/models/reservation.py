"""Budget reservations: of each call in flight, and of a wave of calls."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from branchwise.models.lengths import Lengths
from branchwise.models.sizing import Need, Room, Size, left_of
from branchwise.store.records import Budget, Json, Usage

if TYPE_CHECKING:
    from branchwise.models.budget import BudgetTracker


class Reservation:
    """Reservation of one call in a budget and those above it; a class for speed, because every call has one."""

    __slots__ = ("_cost", "_holds", "_tracker", "size")

    def __init__(self, tracker: BudgetTracker, need: Need, size: Size, *, holds: bool = True) -> None:
        self.size = size
        """The size to send."""
        self._tracker = tracker
        self._holds = holds
        self._cost = need.costs(size)
        if holds:
            tracker.hold(self._cost)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_back()

    def pay(self, usage: Usage) -> None:
        """Release the reservation and book the actual cost; call it before the ledger commits, or it counts twice."""
        self._give_back()
        self._tracker.pay(usage)

    def _give_back(self) -> None:
        if self._holds:
            self._holds = False
            self._tracker.give_back(self._cost)


class Wave:
    """The remainder at the start of a wave of calls, and the reservations of its calls."""

    def __init__(self, base: Json) -> None:
        spent = part(base, "spent")
        self.gone = Room(*(_number(spent.get(name), 0) for name in Room._fields))
        above = part(base, "above")
        self._above = Room(*(_number(above.get(name), float("inf")) for name in Room._fields))
        self.lengths = Lengths()
        self.lengths.recall(part(base, "lengths"))
        self.held = Room(0, 0, 0, 0)

    def room(self, budget: Budget) -> Room:
        """What the next call may reserve of a budget, and of those above it as they were when the wave began."""
        above = Room(*(left - held for left, held in zip(self._above, self.held, strict=True)))
        return left_of(budget, self.gone, self.held).tighter(above)


def _number(value: Json, otherwise: float) -> float:
    return value if isinstance(value, int | float) else otherwise


def part(state: Json, name: str) -> Mapping[str, Json]:
    """A part of a `BudgetTracker.state` snapshot; empty if missing."""
    found = state.get(name) if isinstance(state, Mapping) else None
    return found if isinstance(found, Mapping) else {}
