"""GET /v1/models: the server's default, the planner, and the strategies that the engine can serve."""

from __future__ import annotations

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from branchwise import models
from branchwise.graphs import strategies
from branchwise.graphs.search.needs import lacks
from branchwise.server.callers import Caller
from branchwise.server.choice import AUTO, DEFAULT, PREFIX, model_choice
from branchwise.server.serving import Serving

_STARTED = int(time.time())


async def list_models(request: Request, serving: Serving, caller: Caller) -> Response:
    """List the names that a request's `model` may have."""
    await models.ask(serving.engine)
    can = serving.engine.capabilities
    names = [DEFAULT, AUTO, *(name for name in strategies.names() if not lacks(name, can))]
    return JSONResponse({"object": "list", "data": [_entry(f"{PREFIX}{name}") for name in names]})


async def one_model(request: Request, serving: Serving, caller: Caller) -> Response:
    """Describe one name, also of the form `branchwise/STRATEGY@TASK`."""
    name = str(request.path_params["name"])
    model_choice(name)
    return JSONResponse(_entry(name))


def _entry(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": _STARTED, "owned_by": "branchwise"}
