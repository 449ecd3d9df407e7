"""Ablations: the gain of each part of the method."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import get_args

from branchwise.agents.planning.ucb import Term
from branchwise.store.errors import UnknownName

_ABLATIONS: Mapping[str, tuple[str, ...]] = {
    "constraints": ("auto", "auto:constraints=false"),
    "feedback": ("auto", "auto:feedback=false"),
    "critique": tuple(f"sequential_revision:verifier={who}" for who in ("llm", "chance", "program")),
    "selector": ("auto", *(f"auto:without={term}" for term in get_args(Term))),
}
"""Arms by what they ask: are constraints in words of use; is feedback; is a model's critique better than chance and as
good as a program's (arXiv 2310.12397); is each term of the selector's bound (arXiv 2502.16111, section 2.1.3)? The
first arm of each is the one that the others are compared with."""


def ablations(only: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """The arms of the ablations that are named, or of all where none is.

    Raises:
        UnknownName: There is no such ablation.
    """
    for name in only:
        if name not in _ABLATIONS:
            raise UnknownName("ablation", name, _ABLATIONS)
    return {name: arms for name, arms in _ABLATIONS.items() if not only or name in only}
