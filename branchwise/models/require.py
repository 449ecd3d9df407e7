"""Check a request against an engine's capabilities."""

from __future__ import annotations

from branchwise.models.capabilities import WORDS, who_can
from branchwise.models.protocol import Model, SampleRequest
from branchwise.store.errors import Unsupported


def require(model: Model, request: SampleRequest) -> None:
    """Refuse a request that the engine cannot answer, before anything is sent.

    Raises:
        Unsupported: Names the missing capability, and engines that have it.
    """
    output_format, can = request.output_format, model.capabilities
    lacks = {
        "prefix": request.prefix and not can.prefix,
        "choices": output_format.choices and not can.choices,
        "regex": output_format.regex is not None and not can.regex,
        "schema": output_format.schema is not None and not can.schema,
        "logprobs": request.logprobs and not can.logprobs,
        "pictures": not can.pictures and any(message.pictures for message in request.messages),
        "scores": request.scored and not can.scores,
        "tools": not can.tools
        and bool(request.tools or any(m.tool_calls or m.role == "tool" for m in request.messages)),
    }
    if any(lacks.values()):
        named = [name for name, lacking in lacks.items() if lacking]
        words = " and ".join(WORDS[name] for name in named)
        raise Unsupported(f"The model `{model.name}` lacks {words}; {who_can(*named)} can do that.")


def require_abilities(who: str, model: Model, *abilities: str) -> None:
    """Refuse what needs abilities, fields of `Capabilities`, that the engine lacks.

    Raises:
        Unsupported: Says what is missing and which engines have it.
    """
    for ability in abilities:
        if not getattr(model.capabilities, ability):
            raise Unsupported(
                f"The {who} needs {WORDS[ability]}, which `{model.name}` lacks; "
                f"{who_can(ability)} can do that."
            )
