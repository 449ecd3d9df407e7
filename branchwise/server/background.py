"""Runs in the background: queued in the store, executed by the server's own worker or by others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from branchwise.graphs.runtime.rows import row_of
from branchwise.graphs.runtime.spec import RunSpec
from branchwise.graphs.runtime.worker import WorkerLogLine, work
from branchwise.integrations.prometheus.worker import counted
from branchwise.server.callers import Caller
from branchwise.server.charging import charged
from branchwise.server.preflight import checked
from branchwise.server.running import Wanted, refuse_other
from branchwise.server.serving import Serving
from branchwise.store import charges
from branchwise.store.errors import BranchwiseError
from branchwise.store.rows import RunRecord
from branchwise.store.runs import new_id

QUEUE = "serve"
"""The queue of background runs; `branchwise worker --queue serve` works on it, too."""
_ENDS = frozenset({"done", "failed", "waiting"})
"""Reports of a worker after which a run spends nothing more."""
_LOG = logging.getLogger("branchwise.server")
_SWEEP = 5.0
"""Seconds between looks for charged runs that ended elsewhere."""


async def submit(serving: Serving, caller: Caller, spec: RunSpec, run_id: str | None = None) -> RunRecord:
    """Queue a run for the background.

    Args:
        serving: The server's parts.
        caller: Whose run it is.
        spec: Its request.
        run_id: Its id; a new one by default.

    Raises:
        BadInput: It cannot be run; nothing was stored.
        BudgetSpent: The caller's key has too little left.
    """
    workflow = await checked(serving, spec)
    name = run_id or new_id(8)
    spec = await charged(serving, caller, spec, name)
    row = row_of(
        serving.store,
        workflow,
        spec,
        id=name,
        queue=QUEUE,
        priority=caller.limits.priority,
        api_key=caller.key,
    )
    [run] = await serving.store.create_runs([row])
    return run


async def queued(serving: Serving, wanted: Wanted) -> tuple[RunRecord, bool]:
    """Queue a run; one with an idempotency key that was queued before is only found.

    Returns:
        The run, and whether it is new.

    Raises:
        BadInput: It cannot be run; nothing was stored.
        BudgetSpent: The caller's key has too little left.
        Refusal: The idempotency key was used with another body.
    """
    if wanted.key is None:
        return await submit(serving, wanted.caller, wanted.spec), True
    async with serving.opening:
        old = await serving.store.exact_run(wanted.run_id)
        refuse_other(wanted, old)
        if old is not None:
            return old, False
        return await submit(serving, wanted.caller, wanted.spec, wanted.run_id), True


@asynccontextmanager
async def working(serving: Serving) -> AsyncIterator[None]:
    """Work on the background runs in a context; unfinished ones return to the queue at its end."""
    tasks = [asyncio.create_task(_sweeping(serving))]
    if serving.settings.workers:
        tasks.append(asyncio.create_task(_working(serving)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def _working(serving: Serving) -> None:
    database = serving.store.database

    def settled(report: WorkerLogLine) -> None:
        _LOG.info("run %s %s: %s", report.run_id, report.kind, report.text)
        if report.kind in _ENDS:
            database.submit(lambda connection: charges.settle(connection, report.run_id))

    imports = {name.partition(":")[0] for name in serving.settings.workflows if ":" in name}
    while True:
        try:
            await work(
                store=serving.store,
                queue=QUEUE,
                concurrency=serving.settings.workers,
                model=serving.engine,
                imports=sorted(imports),
                watch=counted(serving.metrics, settled),
            )
        except* BranchwiseError as errors:
            _LOG.error("the worker stopped and starts again: %s", errors.exceptions[0])
        await asyncio.sleep(_SWEEP)


async def _sweeping(serving: Serving) -> None:
    while True:
        try:
            mine = serving.live_runs.ids()
            await serving.store.database.awrite(lambda c, mine=mine: charges.settle_dead(c, mine))  # type: ignore[misc]
        except BranchwiseError as error:
            _LOG.error("charges were not settled: %s", error)
        await asyncio.sleep(_SWEEP)
