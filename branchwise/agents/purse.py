"""What a run may still spend."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from branchwise.store.errors import BudgetSpent
from branchwise.store.records import Budget, Usage


class Purse:
    """A run's budget and what is gone of it.

    Calls in flight hold a reservation, so that many calls sent at once overshoot by at most what one of them was
    underestimated. It lives in one event loop and needs no lock.
    """

    def __init__(
        self,
        budget: Budget,
        spent: Usage | None = None,
        *,
        elapsed: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open a purse.

        Args:
            budget: The limits.
            spent: Usage of earlier attempts at the same run.
            elapsed: Seconds of earlier attempts at the same run.
            clock: Seconds of any epoch.
        """
        self.budget = budget
        self.spent = spent or Usage()
        self._held_tokens = 0
        self._held_calls = 0
        self._clock = clock
        self._began = clock() - elapsed

    @property
    def elapsed(self) -> float:
        """Seconds of work so far, earlier attempts included."""
        return self._clock() - self._began

    @contextmanager
    def reserve(self, tokens: int) -> Iterator[None]:
        """Hold `tokens` and one call while a call is in flight.

        Raises:
            BudgetSpent: A limit is reached, or the tokens are more than what is left.
        """
        self._check(tokens)
        self._held_tokens += tokens
        self._held_calls += 1
        try:
            yield
        finally:
            self._held_tokens -= tokens
            self._held_calls -= 1

    def pay(self, usage: Usage) -> None:
        """Take note of what a call has cost."""
        self.spent += usage

    def tokens_left(self) -> int | None:
        """How many tokens may still be spent; None without such a limit."""
        return None if self.budget.tokens is None else max(0, self.budget.tokens - self.spent.tokens)

    def samples_left(self) -> int:
        """How many more samples the budget is likely to pay for, at the mean cost of those so far."""
        limits = [1_000_000.0]
        budget, spent = self.budget, self.spent
        each = max(1.0, spent.tokens / max(1, spent.samples))
        if budget.tokens is not None:
            limits.append((budget.tokens - spent.tokens) / each)
        if budget.calls is not None:
            limits.append(budget.calls - spent.calls)
        if budget.cost is not None and spent.samples and spent.cost:
            limits.append((budget.cost - spent.cost) / (spent.cost / spent.samples))
        if budget.seconds is not None and self.elapsed >= budget.seconds:
            limits.append(0)
        return max(0, int(min(limits)))

    def _check(self, tokens: int) -> None:
        budget, spent = self.budget, self.spent
        if budget.tokens is not None and spent.tokens + self._held_tokens + tokens > budget.tokens:
            raise BudgetSpent("tokens")
        if budget.calls is not None and spent.calls + self._held_calls + 1 > budget.calls:
            raise BudgetSpent("calls")
        if budget.seconds is not None and self.elapsed >= budget.seconds:
            raise BudgetSpent("seconds")
        if budget.cost is not None and spent.cost >= budget.cost:
            raise BudgetSpent("cost")
