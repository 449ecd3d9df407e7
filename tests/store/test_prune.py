"""Pruning by portions: each run is looked at once, also if it must stay."""

from __future__ import annotations

import pytest

from branchwise.store import store as stores
from branchwise.store.database.tables import runs
from branchwise.store.rows import Status
from branchwise.store.store import Store
from tests.store.scripted_run import new_run


async def _set(store: Store, run_id: str, **values: object) -> None:
    await store.database.awrite(
        lambda c: c.execute(runs.update().where(runs.c.id == run_id).values(values)) and None
    )


async def _done(store: Store, created: float, **more: str) -> str:
    made = await new_run(store, **more)
    await _set(store, made.id, status=Status.DONE, created=created)
    return made.id


async def test_runs_that_must_stay_do_not_end_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "_PORTION", 2)
    busy = [await _done(store, 1.0) for _ in range(3)]  # more than a portion, and the oldest
    for parent in busy:
        child = await new_run(store, parent=parent)
        await _set(store, child.id, status=Status.RUNNING, lease_until=1e12)
    free = sorted([await _done(store, 2.0) for _ in range(5)])
    assert await store.prune(older_than=60) == free
    assert {run.id for run in await store.runs(status="done")} == set(busy)


@pytest.mark.parametrize("keep", ["answers", "rows"])
async def test_what_was_pruned_is_passed_over(
    store: Store, monkeypatch: pytest.MonkeyPatch, keep: str
) -> None:
    monkeypatch.setattr(stores, "_PORTION", 2)
    old = [await _done(store, created) for created in (1.0, 2.0, 3.0)]
    leases = []
    for run_id in old:
        await _set(store, run_id, status=Status.PAUSED)
        leases.append(await store.claim(run_id))
    names = "checkpoint_ns, checkpoint_id, checkpoint_type, checkpoint, metadata_type, metadata"
    saved = f"INSERT INTO lg_checkpoints (thread_id, {names}) SELECT id, '', '1', 'x', '', 'x', '' FROM runs"
    await store.database.awrite(lambda c: c.exec_driver_sql(saved) and None)
    for lease in leases:
        await store.finish(lease, {"answer": "x"})
    assert await store.prune(older_than=60, keep=keep) == old  # type: ignore[arg-type]
    assert await store.prune(older_than=60, keep=keep) == []  # type: ignore[arg-type]
    assert len(await store.runs()) == 3
