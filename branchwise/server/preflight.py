"""The check of a run before anything is stored or spent."""

from __future__ import annotations

from branchwise import models
from branchwise.graphs.runtime import registry
from branchwise.graphs.runtime.spec import RunSpec
from branchwise.graphs.runtime.workflow import Workflow
from branchwise.models.prices import check_price, stated
from branchwise.server.serving import Serving


async def checked(serving: Serving, spec: RunSpec) -> Workflow:
    """The workflow of a run that this server's model can do.

    Raises:
        BadInput: The run cannot be done; nothing was stored.
    """
    workflow = registry.load(spec.workflow)
    workflow.check(spec)
    await models.ask(serving.engine)
    workflow.check_model(spec, serving.engine)
    check_price(spec.budget, serving.engine, stated(spec.model_options.price))
    return workflow
