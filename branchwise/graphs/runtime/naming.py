"""Names of tasks and strategies given as objects: a run is stored with names, by which it is resumed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from branchwise import tasks
from branchwise.graphs import strategies
from branchwise.graphs.runtime.registry import name_of
from branchwise.tasks.task import Task


def task_name(task: str | Task | Callable[..., Task]) -> str:
    """The name of a task: one of branchwise's own, a Task at the top level of a module, or a function that makes one.

    Raises:
        BadInput: No imported module has it at its top level.
    """
    if isinstance(task, str):
        return task
    if isinstance(task, Task) and task.name in tasks.names() and tasks.load(task.name) is task:
        return task.name
    return _short(tasks.__name__, name_of(task, "task"))


def strategy_name(strategy: str | Callable[..., Any]) -> str:
    """The name of a strategy: of a function at the top level of a module.

    Raises:
        BadInput: No imported module has it at its top level.
    """
    if isinstance(strategy, str):
        return strategy
    return _short(strategies.__name__, name_of(strategy, "strategy"))


def _short(package: str, name: str) -> str:
    """The plain name of what is in branchwise's own folder, where each file holds a function of its name."""
    module, _, attribute = name.partition(":")
    return attribute if module == f"{package}.{attribute}" else name
