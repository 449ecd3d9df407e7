"""Search strategies: pure functions over the tree, one per file. The folder is the registry."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, cast

from branchwise.graphs.strategies import _workflow
from branchwise.graphs.strategies._knobs import checked, defaults
from branchwise.graphs.strategies._workflow import WORKFLOW
from branchwise.graphs.strategies.protocol import Allocation, Hint, Hints, Strategy, StrategyInfo
from branchwise.store.errors import BadInput
from branchwise.store.parts import Folder
from branchwise.store.records import NodeId
from branchwise.store.tree import Tree

_FOLDER = Folder(kind="strategy", package=__name__, path=__path__, without=frozenset({"protocol"}))


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogueEntry:
    """A strategy's entry in the catalogue."""

    name: str
    summary: str
    """The first line of the strategy's docstring."""
    knobs: Mapping[str, object]
    """The knobs with their defaults."""
    info: StrategyInfo


def names() -> tuple[str, ...]:
    """The strategies that can be loaded: those of this folder and those of installed packages, sorted."""
    return _FOLDER.names()


def load(name: str, **knobs: object) -> Strategy:
    """Load a strategy with its knobs set.

    Args:
        name: A name of `names()`, `module:function` for a strategy that no entry point offers, or `workflow:NAME`.
        **knobs: The strategy's keyword arguments; those left out keep their defaults.

    Raises:
        UnknownName: There is no such strategy, or it has no such knob.
        BadInput: A knob's value cannot be used, or the function is not a strategy.
    """
    function = _find(name)
    fit = checked(name, function, knobs)
    try:
        inspect.signature(function).bind(Tree(), 1, seed=0, **fit)
    except TypeError as error:
        raise BadInput(
            f"The strategy `{name}` is called as `{name.rpartition(':')[2]}(tree, budget, *, seed, KNOBS)`: {error}."
        ) from error
    return cast("Strategy", partial(function, **fit))


def knobs(name: str) -> Mapping[str, object]:
    """A strategy's knobs with their defaults.

    Raises:
        UnknownName: There is no such strategy.
    """
    return defaults(_find(name))


def hints(name: str, **knobs: object) -> Hints:
    """Load a strategy's hints; without any, hints that change nothing.

    Args:
        name: A name as for `load`.
        **knobs: The same knobs as for `load`; its errors are raised.
    """
    function = _find(name)
    fit = checked(name, function, knobs)
    own = _beside(function, "hint")
    if own is None:
        return usual
    wanted = inspect.signature(own).parameters
    mine = {knob: value for knob, value in {**defaults(function), **fit}.items() if knob in wanted}
    return cast("Hints", partial(own, **mine))


@cache  # every call of a run asks
def info(name: str) -> StrategyInfo:
    """A strategy's source and needs.

    Raises:
        UnknownName: There is no such strategy.
        BadInput: Its module has no INFO.
    """
    described = _beside(_find(name), "INFO")
    if not isinstance(described, StrategyInfo):
        raise BadInput(
            f"The module of strategy `{name}` must have a constant INFO of type StrategyInfo "
            "(called ABOUT and About in version 0.1)."
        )
    return described


def catalogue() -> tuple[CatalogueEntry, ...]:
    """Every strategy with its source, knobs and needs, sorted by name."""
    return tuple(_row(name) for name in names())


def usual(tree: Tree, parent: NodeId, ordinal: int) -> Hint:
    """The empty hint of a strategy without hints."""
    return Hint()


def _row(name: str) -> CatalogueEntry:
    function = _find(name)
    summary = (inspect.getdoc(function) or "").strip().partition("\n")[0]
    return CatalogueEntry(name=name, summary=summary, knobs=defaults(function), info=info(name))


def _find(name: str) -> Callable[..., Allocation]:
    if name.startswith(WORKFLOW):
        return _workflow.workflow
    return _own(name) if name in _FOLDER.own else _FOLDER.load(name)


@cache  # every call of a run asks
def _own(name: str) -> Callable[..., Allocation]:
    return _FOLDER.load(name)


def _beside(function: Callable[..., object], name: str) -> Any:
    """What the module of a strategy has under a name, or None."""
    return getattr(sys.modules.get(str(getattr(function, "__module__", ""))), name, None)
