"""Contracts of strategies, hints and aggregations, which may be third-party code; a breach is named in a sentence."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from branchwise.graphs.strategies.protocol import Choice, Hint
from branchwise.store.errors import BranchwiseError, CodeFailed
from branchwise.store.foreign import failed
from branchwise.store.records import Node, NodeId, finite
from branchwise.store.tree import Tree

T = TypeVar("T")
_LONGEST_ID = 500
"""Longest node name, in characters; the database could not hold the name of a child."""
_HINT: Mapping[str, Collection[type]] = {
    "instruction": (str,),
    "prefix": (str,),
    "max_tokens": (int, type(None)),
    "temperature": (float, int, type(None)),
    "grain": (str, type(None)),
}
"""The types of a hint's fields."""


def called(what: str, function: Callable[[], T]) -> T:
    """Call third-party code.

    Args:
        what: What is called, as the beginning of a sentence: "The strategy `x`".
        function: The call.

    Raises:
        CodeFailed: It raised an exception; names the exception, its file and line.
    """
    try:
        return function()
    except BranchwiseError:
        raise
    except Exception as error:
        raise failed(what, error) from error


def allocation(asked: object, tree: Tree, most: int, name: str) -> dict[NodeId, int]:
    """The allocation of the strategy `name`, without the nodes that are too deep for children.

    Args:
        asked: What the strategy returned.
        tree: The tree that it was given.
        most: The samples that it was allowed.
        name: The strategy's name.

    Raises:
        CodeFailed: It is not a mapping of the tree's nodes to positive whole numbers, or asks for more than `most`.
    """
    if not isinstance(asked, Mapping):
        raise _strategy(name, f"it returned {reprlib.repr(asked)}, not a mapping of nodes to whole numbers")
    for node, count in asked.items():
        if type(node) is not str or type(count) is not int:
            kinds = f"{type(node).__name__} to {type(count).__name__}"
            shown = f"{{{reprlib.repr(node)}: {reprlib.repr(count)}}}"
            raise _strategy(name, f"{shown} maps {kinds}; nodes are str and numbers of samples are int")
    unknown = [node for node in asked if node not in tree]
    if unknown:
        raise _strategy(
            name, f"it asked for samples below {reprlib.repr(unknown[0])}, which is no node of the tree"
        )
    if not all(count > 0 for count in asked.values()) or sum(asked.values()) > most:
        raise _strategy(name, f"of {most} samples it asked for {reprlib.repr(dict(asked))}")
    return {node: count for node, count in asked.items() if len(node) <= _LONGEST_ID}


def too_deep(tree: Tree) -> bool:
    """Whether an open node is so deep that the database could not hold the name of a child."""
    return any(len(node.id) > _LONGEST_ID and not node.complete and node.failed is None for node in tree)


def hint(given: object, name: str) -> Hint:
    """The hint of the strategy `name`.

    Raises:
        CodeFailed: It is not a Hint, or one of its fields has another type.
    """
    if not isinstance(given, Hint):
        raise _strategy(name, f"its hint is {reprlib.repr(given)}, not a Hint")
    for field, kinds in _HINT.items():
        value = getattr(given, field)
        if type(value) not in kinds:
            raise _strategy(name, f"its hint's `{field}` is {reprlib.repr(value)}, a {type(value).__name__}")
    return given


def choice(given: object, tree: Tree, name: str) -> Choice | None:
    """The choice of the aggregation `name`.

    Raises:
        CodeFailed: It is not a Choice though there are whole solutions, its node is none of them, or its confidence is
            no finite number.
    """
    whole = [node for node in tree.complete if node.failed is None]
    if given is None and whole:
        raise _aggregation(name, f"of {len(whole)} whole solutions it chose none")
    if given is None:
        return None
    if not isinstance(given, Choice):
        raise _aggregation(name, f"it gave {reprlib.repr(given)}, not a Choice")
    node, share = given.node, given.confidence
    if not isinstance(node, Node) or node.id not in tree or not tree[node.id].complete:
        raise _aggregation(name, f"its node is {reprlib.repr(node)}, not a whole solution of the run")
    if share is not None and (type(share) not in {int, float} or not finite(share)):
        raise _aggregation(
            name, f"its confidence is {reprlib.repr(share)}, a {type(share).__name__}, not a finite float"
        )
    return given


def _strategy(name: str, how: str) -> CodeFailed:
    return CodeFailed(f"The strategy `{name}` broke its contract: {how}.")


def _aggregation(name: str, how: str) -> CodeFailed:
    return CodeFailed(f"The aggregation `{name}` broke its contract: {how}.")
