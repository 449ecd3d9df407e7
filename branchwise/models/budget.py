"""What a run may still spend, and what all runs together may."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext

from branchwise.store.errors import BudgetSpent
from branchwise.store.records import Budget, Usage


class BudgetTracker:
    """A run's budget and what is gone of it; with a parent, also a share in what many runs may spend together.

    A call must fit into the run's own budget and into its parent's. The parent counts what is spent in this process.

        together = BudgetTracker(Budget(tokens=1_000_000, cost=5.0), concurrency=128)
        async with asyncio.TaskGroup() as group:
            for problem in problems:
                group.create_task(solve(problem, shared_budget=together, budget=Budget(tokens=20_000)))

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
        parent: BudgetTracker | None = None,
        concurrency: int | None = None,
        effects: int = 0,
    ) -> None:
        """Open a budget tracker.

        Args:
            budget: The limits.
            spent: Usage of earlier attempts at the same run.
            elapsed: Seconds of earlier attempts at the same run.
            clock: Seconds of any epoch.
            parent: The tracker that this one draws from.
            concurrency: Calls in flight at once, at least 1; None for no limit but the model's own.
            effects: Effects that earlier attempts at the same run have begun.
        """
        self.budget, self.parent = budget, parent
        self._slot = None if concurrency is None else asyncio.Semaphore(concurrency)
        self.spent = spent or Usage()
        self.effects = effects
        self._held_tokens = 0
        self._held_written = 0
        self._held_calls = 0
        self._clock = clock
        self._began = clock() - elapsed

    @property
    def elapsed(self) -> float:
        """Seconds of work so far, earlier attempts included."""
        return self._clock() - self._began

    def slot(self) -> AbstractAsyncContextManager[None]:
        """Wait until this tracker and its parent admit one more call in flight."""
        if self.parent is None:
            return self._slot or nullcontext()
        return self._slots(self.parent) if self._slot is not None else self.parent.slot()

    @asynccontextmanager
    async def _slots(self, parent: BudgetTracker) -> AsyncIterator[None]:
        async with self._slot or nullcontext(), parent.slot():
            yield

    def reserve(self, tokens: int, written: int = 0) -> AbstractContextManager[Callable[[Usage], None]]:
        """Hold `tokens`, of which `written` at most are completion tokens, and one call while a call is in flight.

        Within it one has `pay`, which gives back what is held and pays what the call has cost. Until the call is in
        the ledger it would otherwise count twice, and others be refused what is there.

        Raises:
            BudgetSpent: A limit is reached, or the tokens are more than what is left.
        """
        return _Reservation(self, tokens, written)

    def pay(self, usage: Usage) -> None:
        """Take note of what a call has cost."""
        self.spent += usage
        if self.parent is not None:
            self.parent.pay(usage)

    def take_effects(self, count: int = 1) -> None:
        """Count effects that are about to begin; with a negative number give back those that did not.

        Raises:
            BudgetSpent: They are more than what is left.
        """
        most = self.budget.effects
        if most is not None and self.effects + count > most and count > 0:
            raise BudgetSpent("effects")
        if self.parent is not None:
            self.parent.take_effects(count)
        self.effects += count

    def tokens_left(self) -> int | None:
        """How many tokens may still be spent; None without such a limit."""
        return None if self.budget.tokens is None else max(0, self.budget.tokens - self.spent.tokens)

    def samples_left(self, longest: int = 1) -> int:
        """How many more samples the budget is likely to pay for, at the mean cost of those so far.

        Args:
            longest: Completion tokens of one sample at most. A budget of completion tokens is not overdrawn, so that
                strategies compared at the same one do not differ by what was in flight when it ended.
        """
        limits = [1_000_000.0 if self.parent is None else float(self.parent.samples_left(longest))]
        budget, spent = self.budget, self.spent
        each = max(1.0, spent.tokens / max(1, spent.samples))
        if budget.tokens is not None:
            limits.append((budget.tokens - spent.tokens) / each)
        if budget.completion_tokens is not None:
            limits.append((budget.completion_tokens - spent.completion_tokens) / max(1, longest))
        if budget.calls is not None:
            limits.append(budget.calls - spent.calls)
        if budget.cost is not None and spent.samples and spent.cost:
            limits.append((budget.cost - spent.cost) / (spent.cost / spent.samples))
        if budget.seconds is not None and self.elapsed >= budget.seconds:
            limits.append(0)
        return max(0, int(min(limits)))

    def hold(self, calls: int, tokens: int, written: int) -> None:
        """Set aside what a call may cost; with negative numbers give it back."""
        self._held_calls += calls
        self._held_tokens += tokens
        self._held_written += written

    def check(self, tokens: int, written: int) -> None:
        """Raise BudgetSpent where a call of so many tokens does not fit in."""
        budget, spent = self.budget, self.spent
        if budget.tokens is not None and spent.tokens + self._held_tokens + tokens > budget.tokens:
            raise BudgetSpent("tokens")
        most = budget.completion_tokens
        if most is not None and spent.completion_tokens + self._held_written + written > most:
            raise BudgetSpent("completion_tokens")
        if budget.calls is not None and spent.calls + self._held_calls + 1 > budget.calls:
            raise BudgetSpent("calls")
        if budget.seconds is not None and self.elapsed >= budget.seconds:
            raise BudgetSpent("seconds")
        if budget.cost is not None and spent.cost >= budget.cost:
            raise BudgetSpent("cost")


class _Reservation:
    """What a tracker and those above it hold for one call; a class, for every call has one."""

    __slots__ = ("_above", "_held", "_tokens", "_tracker", "_written")

    def __init__(self, tracker: BudgetTracker, tokens: int, written: int) -> None:
        self._tracker, self._tokens, self._written = tracker, tokens, written
        self._above = None if tracker.parent is None else _Reservation(tracker.parent, tokens, written)
        self._held = False

    def __enter__(self) -> Callable[[Usage], None]:
        self._tracker.check(self._tokens, self._written)
        if self._above is not None:
            self._above.__enter__()
        self._tracker.hold(1, self._tokens, self._written)
        self._held = True
        return self._pay

    def __exit__(self, *_: object) -> None:
        self._give_back()
        if self._above is not None:
            self._above.__exit__()

    def _pay(self, usage: Usage) -> None:
        self._give_back()
        self._tracker.spent += usage
        if self._above is not None:
            self._above._pay(usage)

    def _give_back(self) -> None:
        if self._held:
            self._tracker.hold(-1, -self._tokens, -self._written)
        self._held = False
