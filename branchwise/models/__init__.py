"""Ways to reach a model; one file each, all answering the same typed request."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from branchwise.models.protocol import Model
from branchwise.store.errors import BadInput, UnknownName

_SCHEMES = {
    "embedded": "embedded",
    "openai-compatible": "endpoint",
    "pool": "pool",
    "litellm": "litellm",
    "scorer": "scorer",
    "uniform": "uniform",
}


def load(spec: str, **options: Any) -> Model:
    """Load the model that `spec` names; only now is its engine or client imported.

    Args:
        spec: "embedded" or "embedded:PATH.gguf", "uniform" (no model at all), "openai-compatible:NAME", "pool:NAME"
            for a pool that runs or "pool:URL,URL" (with `#NAME` where the engines serve several models),
            "litellm:PROVIDER/NAME", and for reward models "scorer:URL".
        **options: Options of that way in, for example `base_url`.

    Raises:
        UnknownName: There is no such way in.
        BadInput: It lacks a name or an option.
        ModelError: It is not installed.
    """
    scheme, _, name = spec.partition(":")
    if scheme not in _SCHEMES:
        raise UnknownName("kind of model", scheme, _SCHEMES)
    if not name and scheme not in {"embedded", "uniform"}:
        raise BadInput(f"A model is named like `{scheme}:NAME`.")
    module = _SCHEMES[scheme]
    make = getattr(import_module(f"{__name__}.{module}"), module)
    try:
        return cast("Model", make(*([name] if name else []), **options))
    except TypeError as error:
        raise BadInput(f"The model `{spec}` cannot be opened: {error}.") from error


async def check(model: Model) -> None:
    """Make sure that the model can be reached, before any token is spent.

    A model that lives in this process has nothing to check. One behind a network has its own `check`.

    Raises:
        ModelError: It cannot be reached or will not serve us; says what to do.
    """
    own = getattr(model, "check", None)
    if own is not None:
        await own()


async def ask(model: Model) -> None:
    """Have an open model say what it can do, which costs no token; one that has said so already is not asked again.

    Raises:
        ModelError: It cannot be reached or will not serve us; says what to do.
    """
    own = getattr(model, "ask", None)
    if own is not None:
        await own()
