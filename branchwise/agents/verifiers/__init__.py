"""Verifiers of plans and steps, one a file. The folder is the registry."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import cast

from branchwise.agents.verifiers.protocol import Verifier
from branchwise.store.errors import BadInput, BranchwiseError
from branchwise.store.foreign import failed
from branchwise.store.parts import Folder

_FOLDER = Folder(
    kind="verifier",
    package=__name__,
    path=__path__,
    without=frozenset({"protocol", "conversation"}),
)


def names() -> tuple[str, ...]:
    """The verifiers of this folder and those that installed packages offer as entry points."""
    return _FOLDER.names()


def find(name: str) -> Callable[..., object]:
    """The factory of the verifier called `name`.

    Raises:
        UnknownName: There is no verifier of that name.
        BadInput: It cannot be imported.
    """
    return _FOLDER.load(name)


def load(name: str, **parts: object) -> Verifier:
    """Make the verifier called `name`.

    Args:
        name: A name of `names()`, or `module:function` for one of your own.
        **parts: Dependencies that a factory may request by parameter name; it is passed those that it names.
            A search offers `sample` (the model's Sampler), `score` (the reward model's), `task`, `prompts`,
            `threshold` and `judgements`.

    Raises:
        UnknownName: There is no verifier of that name.
        BadInput: Its factory cannot be imported, or requests a dependency that is not offered.
    """
    make = find(name)
    try:
        asked = inspect.signature(make).parameters
    except (TypeError, ValueError) as error:
        raise BadInput(f"The verifier `{name}` is no function that can be read: {error}.") from error
    lacking = [n for n, p in asked.items() if n not in parts and p.default is inspect.Parameter.empty]
    if lacking:
        raise BadInput(
            f"The verifier `{name}` asks for {', '.join(lacking)}; it may ask for {', '.join(sorted(parts))}."
        )
    try:
        return cast("Verifier", make(**{name: value for name, value in parts.items() if name in asked}))
    except BranchwiseError:
        raise
    except Exception as error:  # an own verifier's code may raise anything
        raise BadInput(str(failed(f"The function of the verifier `{name}`", error))) from error
