"""Cancel a call in flight when the run's time budget is spent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from branchwise.models.budget import BudgetTracker
from branchwise.store.errors import BudgetSpent

T = TypeVar("T")


async def in_time(work: Awaitable[T], tracker: BudgetTracker) -> T:
    """Wait for `work` within the seconds of the budget and those above it; then cancel it.

    Raises:
        BudgetSpent: The time is up.
    """
    left = seconds_left(tracker)
    if left is None:
        return await work
    try:
        async with asyncio.timeout(left) as scope:
            return await work
    except TimeoutError:
        if not scope.expired():
            raise
        raise BudgetSpent("seconds", limit=tracker.budget.seconds, left=0.0) from None


def seconds_left(tracker: BudgetTracker) -> float | None:
    """The seconds a call may take; None without a limit."""
    limits: list[float] = []
    at: BudgetTracker | None = tracker
    while at is not None:
        if at.budget.seconds is not None:
            limits.append(max(0.0, at.budget.seconds - at.elapsed))
        at = at.parent
    return min(limits, default=None)
