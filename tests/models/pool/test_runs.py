"""Whole runs through a pool: what it can do is known in time, and a budget is shared by all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from branchwise import solve
from branchwise.graphs.search.state import Options
from branchwise.models.budget import BudgetTracker
from branchwise.models.pool import Pool
from branchwise.models.protocol import OutputFormat
from branchwise.store.errors import Unsupported
from branchwise.store.records import Budget, Constraints, Verdict, VerifiedBy
from branchwise.store.store import Store
from branchwise.tasks.task import Task
from tests.models.conftest import Loopback, serving


@pytest.fixture
async def servers() -> AsyncIterator[list[Loopback]]:
    async with serving("vllm") as one, serving("vllm") as two:
        yield [one, two]


@pytest.fixture
async def pool(servers: list[Loopback]) -> AsyncIterator[Pool]:
    made = Pool.attach([server.url for server in servers])
    yield made
    await made.aclose()


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with Store.opened("sqlite:///:memory:") as opened:
        yield opened


def steered() -> Task:
    """A task whose every sample is one of two texts."""

    def check(constraints: Constraints, text: str, complete: bool) -> Verdict:
        return Verdict(
            score=0, accepted=False, feedback="", verified_by=VerifiedBy.PROGRAM, verifier="program"
        )

    return Task(
        name="steered",
        about="",
        instructions="{problem}",
        read_constraints=lambda problem: Constraints(source="program"),
        output_format=lambda constraints, text, grain: OutputFormat(choices=("sample 0", "sample 1")),
        is_complete=lambda text: len(text) > 20,
        check=check,
    )


async def test_a_run_asks_a_new_pool_what_it_can_do(
    servers: list[Loopback], pool: Pool, store: Store
) -> None:
    task = f"{__name__}:steered"
    await asyncio.gather(
        *(
            solve(f"case {number}", task=task, strategy=name, model=pool, store=store)
            for number, name in enumerate(("best_of_n", "tree_of_thoughts"))
        )
    )
    assert all(len(server.keys) - len(server.bodies) == 1 for server in servers), "each was asked once"
    sent = [body for server in servers for body in server.bodies]
    assert sent
    assert all(body["structured_outputs"] == {"choice": ["sample 0", "sample 1"]} for body in sent)


@pytest.mark.parametrize(
    ("words", "lack"),
    [
        ({"strategy": "step_beam", "task": f"{__name__}:steered"}, "`steered` needs choices"),
        ({"options": Options(verifier="yes_no")}, "`yes_no` needs choices"),
    ],
)
async def test_an_engine_that_lacks_what_is_needed_is_refused_before_a_token(
    store: Store, words: dict[str, Any], lack: str
) -> None:
    async with serving("somebody") as plain:
        pool = Pool.attach([plain.url])
        with pytest.raises(Unsupported, match=f"{lack}.*; the embedded engine and vLLM can do that"):
            await solve("x", model=pool, store=store, **words)
        assert not plain.bodies
        assert not await store.runs()
        await pool.aclose()


async def test_runs_that_share_a_purse_spend_no_more_than_it_holds(
    servers: list[Loopback], pool: Pool, store: Store
) -> None:
    tracker = BudgetTracker(Budget(calls=5))
    runs = (
        solve(
            f"case {number}",
            task=f"{__name__}:steered",
            strategy="best_of_n",
            knobs={"n": 3},
            model=pool,
            store=store,
            shared_budget=tracker,
            options=Options(batch=1),
        )
        for number in range(4)
    )
    results = await asyncio.gather(*runs)
    assert sum(len(server.bodies) for server in servers) == 5
    assert tracker.spent.calls == sum(result.usage.calls for result in results) == 5
    assert any(result.reason == "budget" for result in results)


async def test_runs_that_share_a_purse_have_no_more_calls_in_flight_than_it_admits(
    servers: list[Loopback], pool: Pool, store: Store
) -> None:
    gate = asyncio.Event()
    for server in servers:
        server.gate = gate
    tracker = BudgetTracker(Budget(), concurrency=3)
    runs = asyncio.gather(
        *(
            solve(
                f"case {number}",
                task=f"{__name__}:steered",
                strategy="best_of_n",
                knobs={"n": 4},
                model=pool,
                store=store,
                shared_budget=tracker,
                options=Options(batch=1),
            )
            for number in range(3)
        )
    )
    async with asyncio.timeout(30):
        while sum(state.requests for state in pool.states()) < 3:
            await asyncio.sleep(0.01)
    # Whoever would go past the limit has had the time for it: the others came as far before they were held.
    await asyncio.sleep(0.2)
    assert sum(len(server.bodies) for server in servers) == 3
    gate.set()
    assert sum(result.usage.calls for result in await runs) == 12
