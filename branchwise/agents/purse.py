"""What a run may still spend, and what all runs together may."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext

from branchwise.store.errors import BudgetSpent
from branchwise.store.records import Budget, Usage


class Purse:
    """A run's budget and what is gone of it; with a parent, also a share in what many runs may spend together.

    A call must fit into the run's own purse and into its parent's. The parent counts what is spent in this process.

        together = Purse(Budget(tokens=1_000_000, cost=5.0), concurrency=128)
        async with asyncio.TaskGroup() as group:
            for problem in problems:
                group.create_task(solve(problem, purse=together, budget=Budget(tokens=20_000)))

    Calls in flight hold a reservation, so that many calls sent at once overshoot by at most what one of them was
    underestimated. It lives in one event loop and needs no lock.
    """

    def __init__(
        self,
        budget: Budget,
        spent: Usage | None = None,
        *,
        samples: int = 0,
        elapsed: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        parent: Purse | None = None,
        concurrency: int | None = None,
    ) -> None:
        """Open a purse.

        Args:
            budget: The limits.
            spent: Usage of earlier attempts at the same run.
            samples: Samples that earlier attempts drew.
            elapsed: Seconds of earlier attempts at the same run.
            clock: Seconds of any epoch.
            parent: The purse that this one draws from.
            concurrency: Calls in flight at once, at least 1; None for no limit but the model's own.
        """
        self.budget, self.parent = budget, parent
        self._turn = None if concurrency is None else asyncio.Semaphore(concurrency)
        self.spent = spent or Usage()
        self._held_tokens = 0
        self._held_calls = 0
        self._samples = samples
        self._sample_tokens = self.spent.tokens if samples else 0
        self._clock = clock
        self._began = clock() - elapsed

    @property
    def elapsed(self) -> float:
        """Seconds of work so far, earlier attempts included."""
        return self._clock() - self._began

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until the purse and its parent admit one more call in flight."""
        own, shared = self._turn, self.parent
        async with own or nullcontext(), shared.turn() if shared is not None else nullcontext():
            yield

    @contextmanager
    def reserve(self, tokens: int) -> Iterator[None]:
        """Hold `tokens` and one call while a call is in flight.

        Raises:
            BudgetSpent: A limit is reached, or the tokens are more than what is left.
        """
        self._check(tokens)
        with self.parent.reserve(tokens) if self.parent is not None else nullcontext():
            self._held_tokens += tokens
            self._held_calls += 1
            try:
                yield
            finally:
                self._held_tokens -= tokens
                self._held_calls -= 1

    def pay(self, usage: Usage, samples: int = 0) -> None:
        """Take note of what a call has cost and how many samples it brought."""
        self.spent += usage
        self._samples += samples
        self._sample_tokens += usage.tokens if samples else 0
        if self.parent is not None:
            self.parent.pay(usage, samples)

    def samples_left(self) -> int:
        """How many more samples the budget is likely to pay for, at the mean cost of those so far."""
        limits = [1_000_000.0 if self.parent is None else float(self.parent.samples_left())]
        budget, each = self.budget, max(1.0, self._sample_tokens / max(1, self._samples))
        if budget.tokens is not None:
            limits.append((budget.tokens - self.spent.tokens) / each)
        if budget.calls is not None:
            limits.append(budget.calls - self.spent.calls)
        if budget.cost is not None and self._samples and self.spent.cost:
            limits.append((budget.cost - self.spent.cost) / (self.spent.cost / self._samples))
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
