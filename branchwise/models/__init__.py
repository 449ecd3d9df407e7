"""Model backends: one module each, all answering the same typed request."""

from __future__ import annotations

import inspect
from difflib import get_close_matches
from importlib import import_module
from typing import Any, cast

from branchwise.models.base_url import parse
from branchwise.models.keys import KEY, allow
from branchwise.models.own import importable, load_own
from branchwise.models.protocol import Checkable, Model, SelfDescribing
from branchwise.store.errors import BadInput, UnknownName

_SCHEMES = {
    "embedded": "embedded",
    "openai-compatible": "endpoint",
    "pool": "pool",
    "litellm": "litellm",
    "scorer": "scorer",
    "uniform": "uniform",
}
_REMOTE = frozenset({"openai-compatible", "pool", "litellm", "scorer"})
"""Backends that may send a key."""


def load(spec: str, *, stored: bool = False, **options: Any) -> Model:
    """Load the model that `spec` names; its engine or client is imported on demand.

    Args:
        spec: "embedded" or "embedded:PATH.gguf", "uniform" (random draws), "openai-compatible:NAME", "pool:NAME"
            for a running pool or "pool:URL,URL" (with `#NAME` where the engines serve several models),
            "litellm:PROVIDER/NAME", "module:function" for a user function that returns a Model, and for reward
            models "scorer:URL".
        stored: Whether the name or the base URL comes from a database row: a key is then sent only to servers that
            `keys` allows.
        **options: Options of the backend, for example `base_url`.

    Raises:
        BadInput: There is no such backend, or a name or an option is missing.
        ModelError: It is not installed.
    """
    scheme, _, name = spec.partition(":")
    if module_of(spec):
        return load_own(spec, options)
    if scheme not in _SCHEMES:
        if get_close_matches(scheme, _SCHEMES, n=1, cutoff=0.7):
            raise UnknownName("kind of model", scheme, _SCHEMES)
        raise BadInput(_unknown(spec, scheme))
    if not name and scheme not in {"embedded", "uniform"}:
        raise BadInput(f"A model is named like `{scheme}:NAME`.")
    if scheme in _REMOTE and stored:
        options["stored"] = True
    module = _SCHEMES[scheme]
    make = getattr(import_module(f"{__name__}.{module}"), module)
    known = inspect.signature(make).parameters
    unknown = [option for option in options if option not in known]
    if unknown and not any(one.kind is one.VAR_KEYWORD for one in known.values()):
        raise BadInput(f"A model of the kind `{scheme}` has no option `{unknown[0]}`.")
    try:
        return cast("Model", make(*([name] if name else []), **options))
    except TypeError as error:
        raise BadInput(f"The model `{spec}` cannot be opened: {error}.") from error


def module_of(spec: str) -> str:
    """The module of a model that is named `module:function`; empty for any other. Nothing is imported."""
    scheme, _, name = spec.partition(":")
    # No kind of model has a dotted name; to look for such a module would import its parent package.
    return scheme if name and scheme not in _SCHEMES and ("." in scheme or importable(scheme)) else ""


def trust(spec: str, base_url: str | None = None, variable: str | None = None) -> None:
    """Allow the key for the servers of a user-given model, also when a stored row names them later.

    Args:
        spec: A model as `load` takes it.
        base_url: Where its server listens.
        variable: The environment variable of the key; default OPENAI_API_KEY.

    Raises:
        BadInput: A URL cannot be used.
    """
    for url in addresses(spec, base_url):
        allow(url, variable or KEY)


def addresses(spec: str, base_url: str | None = None) -> list[str]:
    """The URLs in a model's name and base URL, validated.

    Raises:
        BadInput: One cannot be used, or carries a user or a password.
    """
    scheme, _, name = spec.partition(":")
    named = name.partition("#")[0].split(",") if scheme in {"pool", "scorer"} else []
    urls = [url for url in (base_url, *named) if url and (url is base_url or "/" in url or ":" in url)]
    for url in urls:
        parse(url)
    return urls


def _unknown(spec: str, scheme: str) -> str:
    name = spec if "/" in spec else f"PROVIDER/{spec}"
    return (
        f"There is no kind of model `{scheme}`. A model is written KIND:NAME. Write `openai-compatible:{spec}` with "
        f"the address of its server, --base-url https://api.openai.com/v1 or $OPENAI_BASE_URL; or `litellm:{name}`, "
        f"such as litellm:openai/gpt-4o; or give it a name in `branchwise.toml`. Kinds: {', '.join(_SCHEMES)}."
    )


async def check(model: Model) -> None:
    """Check that the model can be reached, before any token is spent.

    Models in this process need no check; models behind a network have their own `check`.

    Raises:
        ModelError: It cannot be reached or refuses requests; says what to do.
    """
    if isinstance(model, Checkable):
        await model.check()


async def ask(model: Model) -> None:
    """Fetch the model's capabilities once; costs no tokens.

    Raises:
        ModelError: It cannot be reached or refuses requests; says what to do.
    """
    if isinstance(model, SelfDescribing):
        await model.ask()
