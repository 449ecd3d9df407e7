"""One run of an experiment: made once, resumed where it was cut off, read where it is done."""

from __future__ import annotations

import hashlib
import json

from pydantic import TypeAdapter

from branchwise.agents.protocols import Model
from branchwise.graphs.request import Request, request_of, row_of
from branchwise.graphs.result import Result, result_of
from branchwise.graphs.state import Event
from branchwise.graphs.turn import turn
from branchwise.store.errors import UnknownName
from branchwise.store.store import Store

_REQUEST = TypeAdapter(Request)


def run_id(request: Request) -> str:
    """The id of the run that answers `request`: the same request is the same run.

    What was left at its default does not count, so that an experiment outlives options that later versions add.
    """
    text = json.dumps(_REQUEST.dump_python(request, mode="json", exclude_defaults=True), sort_keys=True)
    return f"bench-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


async def conduct(store: Store, request: Request, engine: Model) -> Result:
    """Give the result of the run that answers `request`; make the run or go on with it where needed.

    Raises:
        LeaseLost: Another live process holds the run.
        StoreError: The database cannot be used.
    """
    name = run_id(request)
    try:
        run = await store.run(name)
    except UnknownName:
        lease = await store.begin(row_of(store, request, id=name))
    else:
        if run.result is not None:
            return result_of(run.result)
        lease = await store.claim(name)
    async with store.held(lease):
        asked = request_of((await store.run(name)).spec)
        return await turn(store, lease, asked, engine, _quiet)


def _quiet(event: Event) -> None: ...
