"""Submit, work, cancel: many runs, workers that come and go, one engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from branchwise.graphs.runtime.worker import WorkerLogLine, work
from branchwise.graphs.search.submit import submit
from branchwise.models.protocol import Reply, SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.database.tables import runs
from branchwise.store.errors import BadInput
from branchwise.store.rows import CallState, RunRecord, Status
from branchwise.store.store import Store

MODEL = "scripted:script"
ASK: dict[str, Any] = {"model": MODEL, "strategy": "best_of_n", "knobs": {"n": 2}}


def answering(latency: float = 0.0) -> Scripted:
    """Answers at once, and finds every answer good."""
    return scripted(
        lambda request, seed: (
            "Fine.\nScore: 100" if "Score" in request.messages[-1].content else f"answer {seed}"
        ),
        latency=latency,
    )


async def statuses(url: str) -> list[Status]:
    async with Store.opened(url) as store:
        return [run.status for run in await store.runs()]


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not done():
            await asyncio.sleep(0.01)


async def test_a_worker_solves_what_was_submitted_over_one_engine(url: str) -> None:
    ids = await submit([f"question {i}" for i in range(6)], store=url, **ASK)
    model, reports = answering(0.005), list[WorkerLogLine]()
    ended = await work(store=url, model=model, concurrency=3, until_empty=True, watch=reports.append)
    assert ended == 6
    assert await statuses(url) == [Status.DONE] * 6
    assert sorted(r.run_id for r in reports if r.kind == "done") == sorted(ids)
    async with Store.opened(url) as store:
        query = "SELECT run_id FROM run_events WHERE kind = 'claimed' ORDER BY id"
        assert await store.database.aread(lambda c: c.exec_driver_sql(query).scalars().all()) == ids


async def test_the_most_urgent_goes_first(url: str) -> None:
    problems: list[Any] = [
        {"problem": "low"},
        {"problem": "high", "priority": 7},
        {"problem": "middle", "priority": 3},
    ]
    low, high, middle = await submit(problems, store=url, **ASK)
    reports: list[WorkerLogLine] = []
    await work(store=url, model=answering(), concurrency=1, until_empty=True, watch=reports.append)
    assert [r.run_id for r in reports if r.kind == "done"] == [high, middle, low]


async def test_queues_are_apart_and_a_run_of_nobodys_queue_is_left_alone(url: str) -> None:
    async with Store.opened(url) as store:
        mine = await store.create_run(task="text", strategy="s", model=MODEL, spec={"problem": "p"})
        [other] = await submit(["q"], store=store, queue="gpu", **ASK)
        assert await work(store=store, model=answering(), until_empty=True) == 0
        assert (await store.run(mine.id)).status is Status.PAUSED
        assert await work(store=store, model=answering(), queue="gpu", until_empty=True) == 1
        assert (await store.run(other)).status is Status.DONE


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"problem": ""}, "Problem 2: The problem is empty"),
        ({"problem": "p", "strategi": "rebase"}, "Did you mean `strategy`?"),
        ({"problem": "p", "budget": {"token": 5}}, "Did you mean `tokens`?"),
        ({"problem": "p", "budget": {"tokens": -5}}, "positive"),
        ({"problem": "p", "task": "calender"}, "Did you mean `calendar`?"),
        ({"problem": "p", "priority": "high"}, "`priority`"),
        ({"problem": "p", "max_attempts": 0}, "at least 1"),
        ({"task": "text"}, "`problem`"),
        (7, "neither a text nor an object"),
    ],
)
async def test_one_bad_problem_and_none_is_stored(url: str, line: Any, says: str) -> None:
    with pytest.raises(BadInput, match="Problem 2") as error:
        await submit([{"problem": "good"}, line], store=url, **ASK)
    assert says in str(error.value)
    assert await statuses(url) == []


async def test_a_worker_that_is_stopped_hands_back_and_another_repeats_nothing(url: str) -> None:
    [run_id] = await submit([{"problem": "p", "knobs": {"n": 12}}], store=url, **ASK)
    slow, reports = answering(0.03), list[WorkerLogLine]()
    first = asyncio.create_task(work(store=url, model=slow, watch=reports.append))
    await until(lambda: slow.calls >= 4)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert [r.kind for r in reports if r.kind != "progress"] == ["claimed", "handed back"]
    async with Store.opened(url) as store:
        left = await store.run(run_id)
        assert (left.status, left.attempts) == (Status.QUEUED, 0)
        done = {call.key for call in await store.calls(run_id) if call.state is CallState.DONE}
        assert await work(store=store, model=answering(), until_empty=True) == 1
        calls = [call for call in await store.calls(run_id) if call.state is CallState.DONE]
        assert len({call.key for call in calls}) == len(calls)
        assert all(call.attempt == 1 for call in calls if call.key in done)


class SlowToRead(Store):
    """A store in which a run that was claimed has not been read yet."""

    async def run(self, run_id: str) -> RunRecord:
        self.asked = True
        await asyncio.Event().wait()
        return await super().run(run_id)

    asked = False


async def test_a_worker_that_is_stopped_before_it_has_read_its_run_hands_it_back(url: str) -> None:
    [run_id] = await submit(["p"], store=url, **ASK)
    async with SlowToRead.opened(url) as slow:
        worker = asyncio.create_task(work(store=slow, model=answering()))
        await until(lambda: slow.asked)
        worker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await worker
    async with Store.opened(url) as store:
        assert (await store.run(run_id)).status is Status.QUEUED


class Mute(Scripted):
    """Has an answer to everything but riddles."""

    waiting = given_up = 0

    async def sample(self, request: SampleRequest) -> Reply:
        if any("riddle" in message.content for message in request.messages):
            self.waiting += 1
            try:
                await asyncio.Event().wait()
            finally:
                self.given_up += 1
        return await super().sample(request)


async def test_a_cancelled_run_stops_its_worker_soon_and_the_others_go_on(url: str) -> None:
    model, reports = (
        Mute(lambda request, seed: "Fine.\nScore: 100", "script", 0.0, None),
        list[WorkerLogLine](),
    )
    async with Store.opened(url) as store:
        doomed, healthy = await submit(["a riddle", "q"], store=store, **ASK)
        worker = asyncio.create_task(
            work(store=store, model=model, concurrency=2, until_empty=True, watch=reports.append)
        )
        await until(lambda: model.waiting == 1 and any(r.kind == "done" for r in reports))
        assert (await store.cancel(doomed)).status is Status.CANCELLED
        async with asyncio.timeout(60):
            assert await worker == 1
        assert model.given_up == model.waiting == 1
        [unanswered] = await store.calls(doomed)
        assert unanswered.state in {CallState.AMBIGUOUS, CallState.STARTED}
        assert {r.run_id: r.kind for r in reports} == {doomed: "lost", healthy: "done"}


async def test_what_cannot_be_done_fails_and_what_might_be_is_tried_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("branchwise.graphs.runtime.worker._POLL", 0.01)
    absent = {**ASK, "model": "openai-compatible:m", "base_url": "http://127.0.0.1:9/v1", "max_attempts": 2}
    async with Store.opened(url) as store:
        [unreachable] = await submit([{"problem": "p", **absent}], store=store)
        [changed] = await submit(["q"], store=store, **ASK)
        await store.database.awrite(
            lambda c: c.execute(sa.update(runs).where(runs.c.id == changed).values(spec={})) and None
        )
        reports: list[WorkerLogLine] = []
        await work(store=store, model=answering(), until_empty=True, watch=reports.append)
        assert [r.kind for r in reports if r.run_id == unreachable and r.kind != "claimed"] == [
            "requeued",
            "failed",
        ]
        run = await store.run(unreachable)
        assert (run.status, run.attempts) == (Status.FAILED, 2)
        assert "127.0.0.1:9" in (run.error or "")
        assert (await store.run(changed)).status is Status.FAILED
