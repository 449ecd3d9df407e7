"""Public names of version 0.1 and what they are called now; using one raises an error that says so, for one release."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, TypeVar, cast

Made = TypeVar("Made", bound=Callable[..., Any])

NAMES = {"Purse": "BudgetTracker", "Vouch": "VerifiedBy", "Shape": "OutputFormat", "About": "StrategyInfo"}
FIELDS = {"vouch": "verified_by", "arm": "strategy"}
"""Fields of results, nodes and verdicts."""
MODULES = {
    "branchwise.agents.protocols": "branchwise.models.protocol, branchwise.tasks.task or branchwise.agents.protocol",
    "branchwise.agents.purse": "branchwise.models.budget",
    "branchwise.agents.models": "branchwise.models",
    "branchwise.agents.engines": "branchwise.serving",
    "branchwise.agents.environments": "branchwise.environments",
    "branchwise.bench": "branchwise.evals",
    "branchwise.graphs.protocols": "branchwise.graphs.strategies.protocol",
    "branchwise.graphs.tasks": "branchwise.tasks",
    "branchwise.store.saver": "branchwise.store.SQLAlchemySaver",
}


class _Moved:
    """Asked last, when no module of that name was found; `MetaPathFinder` as a base would cost 10 ms at each start."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Say where a module of version 0.1 is now.

        Raises:
            ModuleNotFoundError: It has moved.
        """
        if fullname in MODULES:
            raise ModuleNotFoundError(f"`{fullname}` is now `{MODULES[fullname]}`.", name=fullname)
        return None


def announce() -> None:
    """Have imports of moved modules say where these are now."""
    if not any(isinstance(finder, _Moved) for finder in sys.meta_path):
        sys.meta_path.append(_Moved())


def refuse(owner: str, name: str) -> AttributeError:
    """The error for an attribute that `owner` lacks; it names the new one where `name` is an old one."""
    new = FIELDS.get(name) or NAMES.get(name)
    return AttributeError(
        f"`{owner}.{name}` is now `{owner}.{new}`." if new else f"`{owner}` has no attribute `{name}`."
    )


def new_names(**new: str) -> Callable[[Made], Made]:
    """Decorator of a function or dataclass: an old argument's or field's name raises an error that says the new one.

    Args:
        new: The new name by the old one.
    """

    def decorate(made: Made) -> Made:
        if not isinstance(made, type):
            return cast("Made", _checked(made, made.__name__, new))
        kind: Any = made

        def missing(record: object, name: str) -> object:
            if name in new:
                raise AttributeError(f"`{kind.__name__}.{name}` is now `{kind.__name__}.{new[name]}`.")
            raise AttributeError(f"`{kind.__name__}` has no attribute `{name}`.")

        kind.__init__ = _checked(kind.__init__, kind.__name__, new)
        kind.__getattr__ = missing
        return made

    return decorate


def _checked(made: Callable[..., Any], owner: str, new: Mapping[str, str]) -> Callable[..., Any]:
    @wraps(made)
    def checked(*values: Any, **named: Any) -> Any:
        for name in new.keys() & named.keys():
            raise TypeError(f"`{owner}({name}=...)` is now `{owner}({new[name]}=...)`.")
        return made(*values, **named)

    return checked
