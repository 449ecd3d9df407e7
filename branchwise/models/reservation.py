"""What a budget holds for calls: for each one in flight, and for a wave of them that are decided together."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from branchwise.models.lengths import Lengths
from branchwise.models.sizing import Need, Room, Size
from branchwise.store.records import Json, Usage

if TYPE_CHECKING:
    from branchwise.models.budget import BudgetTracker


class Reservation:
    """What a budget and those above it hold for one call; a class, for every call has one."""

    __slots__ = ("_cost", "_holds", "_tracker", "size")

    def __init__(self, tracker: BudgetTracker, need: Need, size: Size, *, holds: bool = True) -> None:
        self.size = size
        """What is to be sent."""
        self._tracker, self._holds, self._cost = tracker, holds, need.costs(size)
        if holds:
            tracker.hold(self._cost)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_back()

    def pay(self, usage: Usage) -> None:
        """Give back what is held and pay what the call has cost, before the ledger has it: or it would count twice."""
        self._give_back()
        self._tracker.pay(usage)

    def _give_back(self) -> None:
        if self._holds:
            self._holds = False
            self._tracker.give_back(self._cost)


class Wave:
    """What was left when a wave of calls began, and what its calls have reserved since."""

    def __init__(self, base: Json) -> None:
        spent = part(base, "spent")
        self.gone = Room(
            *(number if isinstance(number := spent.get(name), int | float) else 0 for name in Room._fields)
        )
        self.lengths = Lengths()
        self.lengths.recall(part(base, "lengths"))
        self.held = Room(0, 0, 0, 0)


def part(state: Json, name: str) -> Mapping[str, Json]:
    """A part of what `BudgetTracker.state` gave; empty where it has none."""
    found = state.get(name) if isinstance(state, Mapping) else None
    return found if isinstance(found, Mapping) else {}
