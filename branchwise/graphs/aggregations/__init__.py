"""Aggregations: pure functions that choose the answer among whole solutions, one a file."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import cast

from branchwise.graphs.strategies.protocol import Aggregator
from branchwise.store.errors import UnknownName


@cache  # every run asks, and the folder does not change
def names() -> tuple[str, ...]:
    """The aggregations of this folder, sorted."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def load(name: str) -> Aggregator:
    """Load an aggregation.

    Raises:
        UnknownName: There is no such aggregation.
    """
    if name not in names():
        raise UnknownName("aggregation", name, names())
    return cast("Aggregator", getattr(import_module(f"{__name__}.{name}"), name))
