"""Budget trackers: what a run, and all runs together, may still spend."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext

from branchwise.models.lengths import Lengths
from branchwise.models.prices import Price
from branchwise.models.protocol import Reply
from branchwise.models.reservation import Reservation, Wave, part
from branchwise.models.sizing import Need, Room, Size, gone, left_of, limits_of, sized
from branchwise.store.errors import BudgetSpent
from branchwise.store.records import Budget, Json, Usage


class BudgetTracker:
    """Tracks a run's budget and usage; with a parent, many runs share one budget.

    A call must fit into the run's own budget and into its parent's. The parent counts what is spent in this process.

        together = BudgetTracker(Budget(tokens=1_000_000, cost=5.0), concurrency=128)
        async with asyncio.TaskGroup() as group:
            for problem in problems:
                group.create_task(solve(problem, tracker=together, budget=Budget(tokens=20_000)))

    A call in flight reserves its maximum cost, and the request sent is the one reserved: so a limit is exceeded only
    by what a server reads or writes beyond the request. For one event loop; not thread-safe.
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
        """Open a budget.

        Args:
            budget: The limits.
            spent: Usage of earlier attempts at the same run.
            elapsed: Seconds of earlier attempts at the same run.
            clock: A clock in seconds of any epoch.
            parent: The budget that this one draws from.
            concurrency: Calls in flight at once, at least 1; None for only the model's own limit.
            effects: Effects started by earlier attempts at the same run.
        """
        self.budget, self.parent = budget, parent
        self.spent = spent or Usage()
        self.effects = effects
        self.notes: Counter[str] = Counter()
        """Deviations of servers from their requests, one sentence each, with counts."""
        self.price: Price | None = None
        """The price of the run's model, where known."""
        self.lengths = Lengths()
        """Observed lengths of prompts and samples."""
        self._root: BudgetTracker = self if parent is None else parent._root
        self._slot = None if concurrency is None else asyncio.Semaphore(concurrency)
        self._held = Room(0, 0, 0, 0)
        self._wave: Wave | None = None
        self._line = asyncio.Lock()
        self._waiting: list[asyncio.Future[None]] = []
        self._clock = clock
        self._began = clock() - elapsed

    @property
    def elapsed(self) -> float:
        """Seconds of work so far, earlier attempts included."""
        return self._clock() - self._began

    @property
    def limited(self) -> bool:
        """Whether this budget or one above limits the cost of calls."""
        own = limits_of(self.budget) != Room()
        return own or (self.parent is not None and self.parent.limited)

    def budgets(self) -> list[Budget]:
        """The limits of this budget and those above."""
        return [self.budget, *(self.parent.budgets() if self.parent is not None else ())]

    def slot(self) -> AbstractAsyncContextManager[None]:
        """Wait for a concurrency slot of this budget and its parent."""
        if self.parent is None:
            return self._slot or nullcontext()
        return self._slots(self.parent) if self._slot is not None else self.parent.slot()

    @asynccontextmanager
    async def _slots(self, parent: BudgetTracker) -> AsyncIterator[None]:
        async with self._slot or nullcontext(), parent.slot():
            yield

    async def admit(self, need: Need, *, free: bool = False) -> Reservation:
        """Reserve a call's maximum cost, reduced to what fits; use the reservation as a context manager.

        A call that does not fit while others are in flight waits until they release; calls that come later wait behind
        it. Alone it is made smaller. So the sizes of calls that begin together depend only on their order.
        In a wave (see `wave`) calls do not wait: each fits, is made smaller, or is refused, by the reservations in the
        wave before it.

        Args:
            need: The call.
            free: Whether the reply is recorded; it then costs nothing, and reserves only in a wave.

        Raises:
            BudgetSpent: A limit is reached, or not even the smallest call fits.
        """
        if self._wave is not None:
            return Reservation(self, need, self._in_wave(need, self._wave), holds=not free)
        if free:
            return Reservation(self, need, Size(need.n, need.longest), holds=False)
        arrived = self.lengths.corrected(need)
        async with self._line:  # the first to come is the first to be admitted
            return await self._admitted(need, arrived)

    async def _admitted(self, need: Need, arrived: Need) -> Reservation:
        """The reservation of the call that is first in line; `arrived` is its need as estimated when it came."""
        whole = Size(need.n, need.longest)
        while True:
            self._in_time()
            if not self.limited:
                return Reservation(self, need, Size(need.n, need.longest))
            lengths, room = self.lengths, self.room()
            # While others are in flight, what is learnt from them depends on which of them were answered first.
            if arrived.fits(whole, room):
                return Reservation(self, arrived, whole)
            asked = lengths.corrected(need)
            if not self._held.calls:
                alone = not self._root._held.calls
                floor = lengths.floor(asked)
                size = sized(asked, room, usual=lengths.usual(asked), floor=floor, alone=alone)
                if size is not None:
                    return Reservation(self, asked, size)
                if alone:
                    raise self._refusal(asked, asked.least(floor), room)
            await self._root._change()

    def _in_wave(self, need: Need, wave: Wave) -> Size:
        self._in_time()
        asked = wave.lengths.corrected(need)
        left = wave.room(self.budget)
        room = left if self.parent is None else left.tighter(self.parent.room())
        floor = wave.lengths.floor(asked)
        usual, alone = wave.lengths.usual(asked), not wave.held.calls
        size = sized(asked, room, usual=usual, floor=floor, alone=alone)
        if size is None:
            raise self._refusal(asked, asked.least(floor), room)
        wave.held = wave.held.plus(asked.costs(size))
        return size

    @contextmanager
    def wave(self, base: Json) -> Iterator[None]:
        """Let calls reserve from the remainder at `base` (see `state`), and release nothing until the end.

        A call's reservation then depends only on the order in which the calls begin.
        """
        self._wave = Wave(base)
        try:
            yield
        finally:
            self._wave = None

    def state(self) -> Json:
        """A snapshot of usage, learnt lengths and what the budgets above have left, for `wave` and `recall`."""
        above = {} if self.parent is None else self.parent.room()._asdict()
        return {
            "spent": gone(self.spent)._asdict(),
            "lengths": self.lengths.kept(),
            "above": {name: left for name, left in above.items() if math.isfinite(left)},
        }

    def recall(self, state: Json) -> None:
        """Restore the lengths that an earlier attempt at the run stored in `state`."""
        self.lengths.recall(part(state, "lengths"))

    def learn(self, need: Need, reply: Reply) -> None:
        """Record the lengths of a prompt and its samples."""
        self.lengths.learn(need, reply)

    def noted(self) -> tuple[str, ...]:
        """Deviations of servers from their requests."""
        return tuple(text if n == 1 else f"{text} ({n} replies)" for text, n in sorted(self.notes.items()))

    def pay(self, usage: Usage) -> None:
        """Record the usage of a call."""
        self.spent += usage
        if self.parent is not None:
            self.parent.pay(usage)

    def take_effects(self, count: int = 1) -> None:
        """Count effects that are about to start; a negative number returns those that did not.

        Raises:
            BudgetSpent: Fewer are left.
        """
        most = self.budget.effects
        if most is not None and self.effects + count > most and count > 0:
            raise BudgetSpent("effects")
        if self.parent is not None:
            self.parent.take_effects(count)
        self.effects += count

    def tokens_left(self) -> int | None:
        """Tokens that may still be spent; None without a token limit."""
        return None if self.budget.tokens is None else max(0, self.budget.tokens - self.spent.tokens)

    def room(self) -> Room:
        """What may still be reserved of each limit, in this budget and those above."""
        left = left_of(self.budget, gone(self.spent), self._held)
        return left if self.parent is None else left.tighter(self.parent.room())

    def shortfall(self, need: Need) -> BudgetSpent | None:
        """Why not even the smallest call like `need` fits; None if one does."""
        try:
            self._in_time()
        except BudgetSpent as refusal:
            return refusal
        asked = self.lengths.corrected(need)
        least, room = asked.least(self.lengths.floor(asked)), self.room()
        return None if asked.fits(least, room) else self._refusal(asked, least, room)

    def samples_left(self, longest: int = 1) -> int | None:
        """Estimated number of further samples the budget pays for, at the mean cost so far; None without a limit.

        Args:
            longest: Maximum completion tokens of one sample; divides a budget of completion tokens until
                samples were observed.
        """
        spent, room = self.spent, self.room()
        drawn = max(1, spent.samples)
        written = max(1.0, spent.completion_tokens / drawn) if spent.samples else max(1, longest)
        limits = [
            room.tokens / max(1.0, spent.tokens / drawn),
            room.completion_tokens / written,
            room.calls,
        ]
        if spent.samples and spent.cost:
            limits.append(room.cost / (spent.cost / drawn))
        try:
            self._in_time()
        except BudgetSpent:
            return 0
        least = min(limits)
        return None if math.isinf(least) else max(0, int(least))

    def _in_time(self) -> None:
        """Raise BudgetSpent if the time is up."""
        most = self.budget.seconds
        if most is not None and self.elapsed >= most:
            raise BudgetSpent("seconds", limit=most, left=0.0)
        if self.parent is not None:
            self.parent._in_time()

    def _refusal(self, need: Need, least: Size, room: Room) -> BudgetSpent:
        """The first limit that the smallest call would pass, with the smallest budget of its kind here and above."""
        # In a wave a call that would fit alone if shortened is refused: report what a whole one needs.
        sizes = [need.costs(size) for size in (least, Size(1, need.longest), Size(need.n, need.longest))]
        costs, name = next(
            (costs, name)
            for costs in sizes
            for name, cost, left in zip(Room._fields, costs, room, strict=True)
            if not cost <= left  # not a number, as a damaged row may have it, leaves nothing
        )
        limits = (getattr(budget, name) for budget in self.budgets())
        limit = min(most for most in limits if most is not None)
        return BudgetSpent(name, limit=limit, need=getattr(costs, name), left=max(0.0, getattr(room, name)))

    async def _change(self) -> None:
        """Wait until a call in flight releases its reservation."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    def hold(self, cost: Room) -> None:
        """Reserve a call's maximum cost in this budget and those above."""
        self._held = self._held.plus(cost)
        if self.parent is not None:
            self.parent.hold(cost)

    def give_back(self, cost: Room) -> None:
        """Release what `hold` has reserved."""
        self._held = self._held.minus(cost)
        if self.parent is not None:
            self.parent.give_back(cost)
            return
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)
