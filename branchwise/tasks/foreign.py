"""Tasks of the user's own: what one of their functions raises is named with the function and its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from branchwise.store.errors import BranchwiseError
from branchwise.store.foreign import failed
from branchwise.tasks.task import Task

_GUARDED = ("validate", "read_constraints", "type_constraints", "output_format", "state", "ready")
"""The functions of a task that are called for no node; the others are guarded where their node is known."""


def guarded(task: Task) -> Task:
    """The task with functions that raise a CodeFailed for any exception of theirs."""
    functions: dict[str, Any] = {
        name: _guard(f"`{name}` of the task `{task.name}`", getattr(task, name)) for name in _GUARDED
    }
    return replace(task, **functions)


def _guard(what: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def guard(*given: Any, **named: Any) -> Any:
        try:
            return function(*given, **named)
        except BranchwiseError:
            raise
        except Exception as error:  # third-party code may raise anything
            raise failed(what, error) from error

    return guard
