"""One run of an experiment: started once, resumed if interrupted, read if done."""

from __future__ import annotations

import hashlib
import json
from typing import cast

from branchwise.graphs.runtime.run import start
from branchwise.graphs.search.request import SearchRequest, differing, spec_of_request
from branchwise.graphs.search.result import Result
from branchwise.models.protocol import Model
from branchwise.store.store import Store


def run_id(request: SearchRequest) -> str:
    """The id of the run that answers `request`: the same request is the same run.

    What was left at its default does not count, so that an experiment outlives options that later versions add.
    """
    text = json.dumps(differing(request), sort_keys=True)
    return f"bench-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


async def conduct(store: Store, request: SearchRequest, engine: Model) -> Result:
    """Return the result of the run that answers `request`, starting or resuming it if needed.

    Raises:
        LeaseLost: Another live process holds the run.
        StoreError: The database cannot be used.
    """
    ended = await start(spec_of_request(request), model=engine, store=store, run_id=run_id(request))
    return cast("Result", ended.output)
