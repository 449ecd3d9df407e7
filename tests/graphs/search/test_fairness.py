"""Who waits for whom: queues for nobody, low priorities for all higher ones."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from branchwise.graphs.runtime.worker import work
from branchwise.graphs.search.submit import submit
from branchwise.store.rows import Status
from branchwise.store.store import Store
from tests.graphs.search.test_worker import ASK, answering

_FLOOD = 40


async def test_a_flood_in_one_queue_does_not_hold_up_another(lite: Store) -> None:
    await submit([f"flood {i}" for i in range(_FLOOD)], store=lite, queue="flooded", **ASK)
    model = answering(0.02)
    flooded = asyncio.create_task(work(store=lite, model=model, queue="flooded", concurrency=1))
    await submit(["p", "q"], store=lite, queue="quiet", **ASK)
    assert await work(store=lite, model=model, queue="quiet", until_empty=True) == 2
    waiting = sum(run.status is Status.QUEUED for run in await lite.runs())
    flooded.cancel()
    with suppress(asyncio.CancelledError):
        await flooded
    assert waiting > _FLOOD / 2


async def test_a_low_priority_waits_as_long_as_higher_ones_come(lite: Store) -> None:
    [low] = await submit([{"problem": "low", "priority": -1}], store=lite, **ASK)
    for turn in range(5):
        [high] = await submit([f"high {turn}"], store=lite, **ASK)
        lease = await lite.claim_next()
        assert lease is not None
        assert lease.run_id == high
    lease = await lite.claim_next()
    assert lease is not None
    assert lease.run_id == low


async def test_runs_of_one_priority_are_taken_in_turn_by_all_workers(lite: Store) -> None:
    ids = await submit([f"p {i}" for i in range(8)], store=lite, **ASK)
    taken: list[str] = []

    async def one() -> None:
        while (lease := await lite.claim_next()) is not None:
            taken.append(lease.run_id)
            await asyncio.sleep(0)

    await asyncio.gather(*(one() for _ in range(3)))
    assert taken == ids
