"""One run of an experiment: started once, resumed if interrupted, read if done."""

from __future__ import annotations

import hashlib
import json
from typing import cast

from branchwise.graphs.search.execute import execute
from branchwise.graphs.search.request import RunSpec, differing, request_of, row_of
from branchwise.graphs.search.result import Result
from branchwise.graphs.search.run import resume
from branchwise.models.protocol import Model
from branchwise.store.errors import UnknownName
from branchwise.store.records import Json
from branchwise.store.store import Store


def run_id(request: RunSpec) -> str:
    """The id of the run that answers `request`: the same request is the same run.

    What was left at its default does not count, so that an experiment outlives options that later versions add.
    """
    text = json.dumps(differing(request), sort_keys=True)
    return f"bench-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


async def conduct(store: Store, request: RunSpec, engine: Model) -> Result:
    """Return the result of the run that answers `request`, starting or resuming it if needed.

    Raises:
        LeaseLost: Another live process holds the run.
        StoreError: The database cannot be used.
    """
    name = run_id(request)
    try:
        await store.run(name)
    except UnknownName:
        row = row_of(store, request, id=name)
        lease = await store.begin(row)
        async with store.held(lease):
            return await execute(
                store, lease, request_of(cast("Json", row["spec"])), engine, lambda event: None
            )
    return await resume(name, store=store, model=engine)
