"""Data model and persistence of runs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from branchwise.store.checkpoints.saver import SQLAlchemySaver

__all__ = ["SQLAlchemySaver"]


def __getattr__(name: str) -> object:
    # Lazy: importing LangGraph takes seconds, and reading rows does not need it.
    if name == "SQLAlchemySaver":
        return import_module("branchwise.store.checkpoints.saver").SQLAlchemySaver
    raise AttributeError(f"module `branchwise.store` has no attribute `{name}`")
