"""What a request needs against what an engine can do."""

from __future__ import annotations

from branchwise.agents.models.offers import WORDS, who_can
from branchwise.agents.protocols import Model, Request
from branchwise.store.errors import Unsupported


def require(model: Model, request: Request) -> None:
    """Refuse a request that the engine cannot answer, before anything is sent.

    Raises:
        Unsupported: Names what is lacking, and engines that have it.
    """
    shape, can = request.shape, model.capabilities
    needed = (
        ("prefix", request.prefix),
        ("choices", shape.choices),
        ("regex", shape.regex is not None),
        ("schema", shape.schema is not None),
        ("logprobs", request.logprobs),
        ("pictures", [message for message in request.messages if message.pictures]),
    )
    lacks = [name for name, wanted in needed if wanted and not getattr(can, name)]
    if lacks:
        words = " and ".join(WORDS[name] for name in lacks)
        raise Unsupported(f"The model `{model.name}` lacks {words}; {who_can(*lacks)} can do that.")
