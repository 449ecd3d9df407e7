"""Sub-runs: runs with their own rows and lease, identified by their parent and key."""

from __future__ import annotations

import asyncio
import hashlib
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from langgraph.errors import GraphInterrupt
from langgraph.types import Interrupt

from branchwise.graphs.runtime.events import Event
from branchwise.graphs.runtime.resources import opened_engine
from branchwise.graphs.runtime.rows import row_of
from branchwise.graphs.runtime.spec import RunSpec, spec_of
from branchwise.graphs.runtime.workflow import Workflow, named_modules
from branchwise.models.prices import check_price, stated
from branchwise.store.errors import LeaseLost, UnknownName
from branchwise.store.records import Json, Usage
from branchwise.store.rows import Status
from branchwise.store.store import Lease

if TYPE_CHECKING:
    from branchwise.graphs.runtime.execute import Execution
    from branchwise.graphs.runtime.services import RunServices

_PAUSE = 0.5
"""Seconds between tries to claim a sub-run whose last worker died with its machine."""


def child_id(parent: str, key: str) -> str:
    """The id of the sub-run of `parent` under `key`; it does not contain the parent's id."""
    return f"{parent[:16]}{hashlib.blake2b(f'{parent}/{key}'.encode(), digest_size=6).hexdigest()}"


async def run_child(how: Execution, services: RunServices, key: str, spec: RunSpec) -> Any:
    """Execute the sub-run of `key` to its end, unless it has ended; return its output.

    Raises:
        GraphInterrupt: It waits for a person, and so does its parent.
        BudgetSpent: Its budget, or its parent's, is spent.
    """
    workflow, run_id = how.load(spec.workflow), child_id(services.run_id, key)
    asked: Json = {"workflow": spec.workflow, "input": spec.input, "model": spec.model}

    async def act() -> tuple[Json, Usage]:
        return found, Usage()  # its cost is in its own rows

    async with services.locks.setdefault(key, asyncio.Lock()):
        # Outside the ledger's call, whose outcome would be unknown if the parent died.
        found: Json = None
        if not services.ledger.recorded(key, asked):
            found = await _finished(how, services, workflow, run_id, spec)
        kept = await services.ledger(key, asked, act, kind="run", model=spec.model)
    return workflow.read(run_id, kept) if workflow.read is not None else kept["output"]  # type: ignore[index,call-overload]


async def usage_below(how: Execution, services: RunServices, key: str) -> Usage:
    """The usage of the sub-run of `key` and of its own sub-runs; nothing if it has not begun."""
    try:
        return await how.store.usage(child_id(services.run_id, key), below=True)
    except UnknownName:
        return Usage()


async def _finished(
    how: Execution, services: RunServices, workflow: Workflow, run_id: str, spec: RunSpec
) -> Json:
    from branchwise.graphs.runtime.execute import execute  # noqa: PLC0415 - which executes what asks for sub-runs

    store = how.store
    try:
        old = await store.run(run_id)
    except UnknownName:
        workflow.check(spec)
        lease = await store.begin(row_of(store, workflow, spec, id=run_id, parent=services.run_id))
    else:
        if old.status is Status.DONE:
            return old.result
        asked, spec = spec, spec_of(old.spec)
        # A module that the parent's own code names may be imported; one that only the row names must be allowed.
        how.admit(named_modules(workflow, spec) - named_modules(workflow, asked))
        lease = await _claimed(how, run_id)
    async with AsyncExitStack() as stack:
        engine = services.engine
        if spec.model not in {engine.name, services.spec.model}:
            engine = await stack.enter_async_context(
                opened_engine(spec.model, spec.base_url, spec.model_options)
            )
        workflow.check_model(spec, engine)
        check_price(spec.budget, engine, stated(spec.model_options.price))
        await stack.enter_async_context(store.held(lease))

        def watch(event: Any) -> None:
            services.watch(Event(kind="subrun", text=run_id, data=event, **services.said()))

        mine = replace(how, lease=lease, engine=engine, watch=watch, shared=services.tracker)
        ended = await execute(mine, workflow, spec)
    if ended.waiting:
        services.waiting |= {f"{one.run_id} {one.key}": one for one in ended.waiting}
        raise GraphInterrupt((Interrupt(value={"subrun": run_id}, id=run_id),))
    return (await store.run(run_id)).result


async def _claimed(how: Execution, run_id: str) -> Lease:
    """Claim a sub-run; one whose worker died becomes free when its lease expires."""
    end = time.monotonic() + 2 * how.lease.ttl
    while True:
        try:
            return await how.store.claim(run_id)
        except LeaseLost:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(_PAUSE)
