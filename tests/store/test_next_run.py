"""Which run a worker takes next: by priority, then age, whatever its status was."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from branchwise.store.leases import claim
from branchwise.store.records import Json
from branchwise.store.store import Store

_SPEC: Json = {"problem": "p"}


async def _queued(store: Store, run_id: str, priority: int, queue: str = "default") -> None:
    row = store.describe(
        task="t", strategy="s", model="m", spec=_SPEC, id=run_id, priority=priority, queue=queue
    )
    await store.create_runs([row])


async def _taken(store: Store) -> str | None:
    lease = await store.claim_next()
    return None if lease is None else lease.run_id


async def test_higher_priorities_go_first_then_older_runs(store: Store) -> None:
    for run_id, priority in (("a", 0), ("b", 2), ("c", 1), ("d", 2), ("e", -5)):
        await _queued(store, run_id, priority)
    await _queued(store, "other", 9, queue="other")
    assert [await _taken(store) for _ in range(6)] == ["b", "d", "c", "a", "e", None]


async def test_a_run_of_a_dead_worker_takes_its_place_among_those_that_wait(url: str) -> None:
    async with Store.opened(url, ttl=1.0) as store:
        await _queued(store, "dead", 1)
        assert await _taken(store) == "dead"
        assert await _taken(store) is None
        for run_id, priority in (("low", 0), ("high", 2)):
            await _queued(store, run_id, priority)
        await asyncio.sleep(1.5)
        assert [await _taken(store) for _ in range(3)] == ["high", "dead", "low"]


async def test_runs_that_others_lock_are_passed_over(store: Store) -> None:
    for run_id, priority in (("top", 5), ("next", 1)):
        await _queued(store, run_id, priority)
    engine = store.database.engine
    if engine.dialect.name == "sqlite":  # one writer at a time: there is nothing to pass over
        return
    with engine.connect() as first, first.begin():
        held = claim(first, "first", 60.0)
        with engine.connect() as second, second.begin():
            lease = claim(second, "second", 60.0)
    assert held is not None
    assert lease is not None
    assert (held.run_id, lease.run_id) == ("top", "next")


_FLOOD = """
INSERT INTO runs (id, status, priority, task, strategy, model, seed, spec, code_version, on_change, lease_until, epoch,
                  attempts, max_attempts, elapsed, seen, created, queue)
SELECT 'flood-' || i, 'queued', 9, 't', 's', 'm', 0, '{}', '0', 'fail', 0, 0, 0, 3, 0, 0, i, 'flooded'
FROM generate_series(1, 5000) AS i
"""


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgres"], indirect=True)
async def test_runs_of_other_queues_cost_a_claim_nothing(store: Store) -> None:
    await store.database.awrite(lambda c: c.exec_driver_sql(_FLOOD) and None)
    await _queued(store, "mine", 0)
    engine, asked = store.database.engine, list[tuple[str, Any]]()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE runs")
    sa.event.listen(engine, "before_cursor_execute", lambda *said: asked.append((said[2], said[3])))
    assert [await _taken(store), await _taken(store)] == ["mine", None]
    queries = [(sql, given) for sql, given in asked if sql.startswith("SELECT") and "FROM runs" in sql]
    assert len(queries) >= 6
    with engine.connect() as connection:
        for sql, given in queries:
            [plan] = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", given).scalar_one()
            assert _passed_over(plan) < 10, sql


def _passed_over(plan: dict[str, Any]) -> int:
    """Rows that were read and not used."""
    here = sum(plan.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
    return int(here) + sum(
        _passed_over(part) for part in [*plan.get("Plans", []), *filter(None, [plan.get("Plan")])]
    )
