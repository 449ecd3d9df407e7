"""Tasks: a domain's prompt, steps, answer and sound check, one a file. The folder is the registry."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points

from branchwise.store.errors import BadInput, UnknownName
from branchwise.tasks.domains.instances import Benchmark
from branchwise.tasks.task import Task

_GROUP = "branchwise.tasks"


def names() -> tuple[str, ...]:
    """The tasks of this folder and those that installed packages offer as entry points."""
    return tuple(sorted(_own() | {entry.name for entry in entry_points(group=_GROUP)}))


def load(name: str, **knobs: object) -> Task:
    """Build the task called `name`.

    Args:
        name: A name of `names()`, or `module:function` for one that is not installed as an entry point.
        knobs: Arguments of the task's function, for example `steer="form"`.

    Raises:
        UnknownName: There is no task of that name.
        BadInput: What the name leads to makes no task.
    """
    task = _factory(name)(**knobs)
    if not isinstance(task, Task):
        raise BadInput(f"`{name}` makes no task but a `{type(task).__name__}`.")
    return task


def benchmark(name: str, **knobs: object) -> Benchmark:
    """Build a task of this folder together with its data and its graders.

    Raises:
        UnknownName: There is no task of that name with data.
    """
    if name not in benchmarks():
        raise UnknownName("benchmark", name, benchmarks())
    module = importlib.import_module(f"{__name__}.{name}")
    return Benchmark(task=load(name, **knobs), instances=module.instances, grade=module.grade)


def benchmarks() -> tuple[str, ...]:
    """The tasks of this folder that read instances and grade them."""
    return tuple(n for n in sorted(_own()) if hasattr(importlib.import_module(f"{__name__}.{n}"), "grade"))


@cache
def _own() -> frozenset[str]:
    names = {module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg}
    return frozenset(names - {"task"})


def _factory(name: str) -> Callable[..., object]:
    module, colon, function = name.partition(":")
    if not colon:
        if name not in _own():
            for entry in entry_points(group=_GROUP, name=name):
                return _callable(entry.load(), name)
            raise UnknownName("task", name, names())
        module, function = f"{__name__}.{name}", name
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadInput(f"`{name}` cannot be imported: {error}.") from error
    return _callable(found, name)


def _callable(found: object, name: str) -> Callable[..., object]:
    if not callable(found):
        raise BadInput(f"`{name}` is no function that makes a task.")
    return found
