"""Acts on runs beyond answering, cancelling and forking: resume one in the background, check one against its record."""

from __future__ import annotations

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from branchwise.graphs.runtime import registry
from branchwise.graphs.runtime.replay import replay
from branchwise.graphs.runtime.spec import spec_of
from branchwise.server.background import QUEUE
from branchwise.server.callers import Caller
from branchwise.server.charging import charged, settle
from branchwise.server.run_actions import shown
from branchwise.server.serving import Serving
from branchwise.store.errors import BadInput
from branchwise.store.rows import Status
from branchwise.store.runs import adopt

_RESUMABLE = frozenset({Status.PAUSED, Status.FAILED, Status.CANCELLED})
_SHOWN = 20
"""Differences of a replay that are listed."""


async def resume_run(request: Request, serving: Serving, caller: Caller) -> Response:
    """Continue a run that was interrupted, failed or was cancelled; it goes on in the background."""
    run = await caller.own(serving, str(request.path_params["run_id"]))
    if run.status not in _RESUMABLE:
        raise BadInput(f"The run `{run.id}` is {run.status}; only one that was interrupted is resumed.")
    workflow = registry.load(spec_of(run.spec).workflow)
    spec = await charged(serving, caller, spec_of(run.spec), run.id, run)
    try:
        if run.status is not Status.PAUSED:
            lease = await serving.store.claim(run.id)
            async with serving.store.held(lease, then=Status.PAUSED):
                pass
        stored = workflow.stored(spec)
        await serving.store.database.awrite(
            lambda c: adopt(c, run.id, queue=QUEUE, api_key=run.api_key or caller.key, spec=stored)
        )
    except BaseException:
        await settle(serving, caller, run.id)
        raise
    return JSONResponse(await shown(serving, await serving.store.run(run.id)), status_code=202)


async def replay_run(request: Request, serving: Serving, caller: Caller) -> Response:
    """Recompute a finished run from its record, without a model, and report the differences."""
    run = await caller.own(serving, str(request.path_params["run_id"]))
    found = await replay(run.id, store=serving.store)
    differences = [asdict(one) for one in found.differences[:_SHOWN]]
    told = {
        "run": found.run_id,
        "exact": found.exact,
        "calls": found.calls,
        "nodes": found.nodes,
        "decisions": found.decisions,
        "differences": differences,
    }
    return JSONResponse(told)
