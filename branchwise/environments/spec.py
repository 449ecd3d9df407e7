"""Environment specifications: a name and plain options, which a run stores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from branchwise.environments.protocol import Environment
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.importing import import_named

NAMES = ("browser", "browsergym", "miniwob", "scripted")
"""The environments of this folder; `module:function` names any other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentSpec:
    """An environment by its name, with options that hold no secret."""

    name: str
    """One of `NAMES`, or `module:function` for a function that builds an Environment."""
    options: Mapping[str, object] = field(default_factory=dict)
    """Keyword arguments of plain JSON types."""


def opened(opening: EnvironmentSpec) -> Environment:
    """Open the environment.

    Raises:
        UnknownName: There is none of that name.
        BadInput: Its options cannot be used.
        EnvironmentFailed: What it runs on is not installed.
    """
    make = _factory(opening.name)
    try:
        return make(**opening.options)
    except TypeError as error:
        raise BadInput(f"The environment `{opening.name}` cannot be opened: {error}.") from error


def _factory(name: str) -> Callable[..., Environment]:
    module, _, function = name.partition(":")
    if not function:
        if name not in NAMES:
            raise UnknownName("environment", name, NAMES)
        module = f"branchwise.environments.{_FILES.get(name, name)}"
        function = module.rpartition(".")[2]
    try:
        return cast("Callable[..., Environment]", getattr(import_named(module), function))
    except (AttributeError, ValueError) as error:
        raise UnknownName("environment", name, NAMES) from error
    except ImportError as error:
        raise BadInput(f"The environment `{name}` cannot be imported: {error}.") from error


_FILES = {"browser": "browser.from_options"}
"""Where the function that takes plain options only has another name."""
