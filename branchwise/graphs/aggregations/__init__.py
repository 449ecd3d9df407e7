"""Aggregations: pure functions that choose the answer among whole solutions, one per file."""

from __future__ import annotations

from typing import cast

from branchwise.graphs.strategies.protocol import Aggregator
from branchwise.store.parts import Folder

VOTES = frozenset(
    {"majority", "weighted_majority", "min_max_majority", "relative_majority", "perplexity_consistency"}
)
"""Those that vote: with `Options.confidence` sampling stops once the lead of their first answer is that sure."""
_FOLDER = Folder(kind="aggregation", package=__name__, path=__path__)


def names() -> tuple[str, ...]:
    """The aggregations of this folder and those that installed packages offer as entry points."""
    return _FOLDER.names()


def load(name: str) -> Aggregator:
    """Load an aggregation.

    Raises:
        UnknownName: There is no aggregation of that name.
        BadInput: It cannot be imported.
    """
    return cast("Aggregator", _FOLDER.load(name))
