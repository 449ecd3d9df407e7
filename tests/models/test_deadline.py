"""A budget of seconds ends calls that are in flight."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from branchwise import Budget, solve
from branchwise.models.budget import BudgetTracker
from branchwise.models.deadline import in_time, seconds_left
from branchwise.store.errors import BudgetSpent
from branchwise.store.store import Store
from tests.models.conftest import Loopback, completion, says
from tests.models.raw_server import Play, talking


def test_the_shortest_of_all_budgets_counts() -> None:
    above = BudgetTracker(Budget(seconds=5), clock=lambda: 2.0, elapsed=1.0)
    assert seconds_left(BudgetTracker(Budget(), parent=above)) == 4.0
    assert seconds_left(BudgetTracker(Budget(seconds=1), clock=lambda: 0.0, parent=above)) == 1.0
    assert seconds_left(BudgetTracker(Budget(), clock=lambda: 0.0)) is None


async def test_a_timeout_of_the_work_s_own_is_not_the_budget_s() -> None:
    async def own() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await in_time(own(), BudgetTracker(Budget(seconds=9)))
    with pytest.raises(BudgetSpent):
        await in_time(asyncio.sleep(9), BudgetTracker(Budget(seconds=0.01)))


def endless(first: bytes, piece: bytes) -> Play:
    async def play(request: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/models" in request.split(b"\r\n")[0]:
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{"data":[{"id": "m"}]}')
            return
        writer.write(first)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)

    return play


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-A: ", b"a"),
    ],
)
async def test_a_run_ends_in_time_whatever_the_server_drips(
    first: bytes, piece: bytes, tmp_path: Path
) -> None:
    store = str(tmp_path / "s.sqlite")
    async with talking(endless(first, piece)) as server:
        began = time.monotonic()
        result = await solve(
            "x",
            strategy="best_of_n",
            knobs={"n": 2},
            model="openai-compatible:m",
            base_url=server.url,
            budget=Budget(seconds=1.5),
            store=store,
        )
        assert time.monotonic() - began < 15
        assert result.reason == "budget"
        async with asyncio.timeout(5):
            await server.gone.wait()
    async with Store.opened(store) as db:
        assert {call.state for call in await db.calls(result.run_id)} <= {"failed", "abandoned"}


async def test_a_reply_that_stalls_a_parser_is_a_failed_sample(loopback: Loopback, tmp_path: Path) -> None:
    def poison(body: dict[str, Any]) -> Any:
        return says(200, completion(body, body.get("n", 1), "\n" * 200_000 + "x"))(body)

    loopback.next = [poison] * 20
    result = await solve(
        "x",
        strategy="best_of_n",
        knobs={"n": 3},
        model="openai-compatible:m",
        base_url=loopback.url,
        budget=Budget(calls=6),
        store=str(tmp_path / "s.sqlite"),
    )
    assert not result.solved
