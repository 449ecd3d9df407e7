"""Admission: how many runs go on at once, and who goes first."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from branchwise.server.admission import Admission
from branchwise.server.refusals import Refusal


class Hall:
    """Callers that enter, stay until told, and leave."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.order: list[str] = []
        self.most = 0
        self._inside = 0
        self._ends: dict[str, asyncio.Event] = {}

    def enter(self, name: str, caller: str = "", priority: int = 0) -> asyncio.Task[None]:
        self._ends[name] = asyncio.Event()

        async def stay() -> None:
            async with self.admission.slot(caller, priority):
                self._inside += 1
                self.most = max(self.most, self._inside)
                self.order.append(name)
                try:
                    await self._ends[name].wait()
                finally:
                    self._inside -= 1

        return asyncio.create_task(stay())

    def end(self, name: str) -> None:
        self._ends[name].set()


async def settled(done: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if done():
            return
        await asyncio.sleep(0)
    raise AssertionError("nothing more happens")


async def test_priority_goes_before_few_runs_and_few_runs_before_age() -> None:
    hall = Hall(Admission(1, 100))
    tasks = [hall.enter("first", "busy")]
    await settled(lambda: hall.order == ["first"])
    tasks += [hall.enter("second", "busy"), hall.enter("third", "busy"), hall.enter("guest", "quiet")]
    tasks.append(hall.enter("urgent", "busy", priority=1))
    await asyncio.sleep(0)
    assert hall.admission.waiting == 4
    for number, name in enumerate(["first", "urgent", "guest", "second", "third"], 1):
        await settled(lambda number=number: len(hall.order) == number)  # type: ignore[misc]
        hall.end(name)
    await asyncio.gather(*tasks)
    assert hall.order == ["first", "urgent", "guest", "second", "third"]
    assert (hall.admission.running, hall.admission.waiting) == (0, 0)


async def test_a_full_queue_is_refused_with_a_time() -> None:
    hall = Hall(Admission(1, 1))
    hall.admission.check()
    tasks = [hall.enter("first"), hall.enter("second")]
    await settled(lambda: hall.admission.waiting == 1)
    with pytest.raises(Refusal) as refused:
        hall.admission.check()
    assert (refused.value.status, refused.value.retry) == (429, True)
    assert refused.value.after is not None
    assert refused.value.after >= 100
    for name in ("first", "second"):
        hall.end(name)
    await asyncio.gather(*tasks)
    assert hall.admission.mean < 5  # the next answer knows how long runs take


async def test_whoever_hangs_up_while_waiting_is_held_no_longer() -> None:
    hall = Hall(Admission(1, 100))
    first, last = hall.enter("first"), hall.enter("last")
    await settled(lambda: hall.admission.waiting == 1)
    for number in range(30):
        task = hall.enter(str(number), priority=number % 3)
        await settled(lambda: hall.admission.waiting == 2)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert hall.admission.waiting == 1
    assert len(hall.admission._waiting) == 1
    for name, task in {"first": first, "last": last}.items():
        hall.end(name)
        await task
    assert hall.order == ["first", "last"]


async def test_whoever_is_cancelled_while_waiting_or_inside_frees_its_place() -> None:
    rng = random.Random(3)
    for _ in range(50):
        hall = Hall(Admission(3, 100))
        tasks = {str(i): hall.enter(str(i), rng.choice("abc"), rng.choice([0, 0, 1])) for i in range(20)}
        for name in rng.sample(list(tasks), 20):
            for _ in range(rng.randrange(3)):
                await asyncio.sleep(0)
            if rng.random() < 0.5:
                tasks[name].cancel()
            else:
                hall.end(name)
        for task in tasks.values():
            with suppress(asyncio.CancelledError):
                await task
        assert hall.most <= 3
        assert (hall.admission.running, hall.admission.waiting) == (0, 0)
