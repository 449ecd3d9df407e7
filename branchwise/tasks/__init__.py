"""Tasks: a domain's prompt, steps, answer parser and sound checker, one per file. The folder is the registry."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import cast

from branchwise.store.errors import BadInput, BranchwiseError, UnknownName
from branchwise.store.foreign import failed
from branchwise.store.parts import Folder
from branchwise.tasks.domains.instances import Benchmark
from branchwise.tasks.foreign import guarded
from branchwise.tasks.task import Task

_FOLDER = Folder(kind="task", package=__name__, path=__path__, without=frozenset({"foreign", "task"}))


def names() -> tuple[str, ...]:
    """The tasks of this folder and those that installed packages offer as entry points."""
    return _FOLDER.names()


def load(name: str, **knobs: object) -> Task:
    """Build the task called `name`.

    Args:
        name: A name of `names()`, or `module:attribute` for one that is not installed as an entry point: a function
            that makes a Task, or a Task.
        knobs: Arguments of the task's function, for example `constrain="form"`.

    Raises:
        UnknownName: There is no task of that name.
        BadInput: The named function does not make a task.
    """
    if name in _FOLDER.own and not knobs:
        return _plain(name)
    found = _FOLDER.found(name)
    task = found if isinstance(found, Task) and not knobs else _made(name, knobs)
    if not isinstance(task, Task):
        raise BadInput(f"`{name}` makes no task but a `{type(task).__name__}`.")
    return task if name in _FOLDER.own else guarded(task)


def _made(name: str, knobs: Mapping[str, object]) -> object:
    make = _FOLDER.load(name)
    try:
        return make(**knobs)
    except BranchwiseError:
        raise
    except Exception as error:  # an own task's code may raise anything
        raise BadInput(str(failed(f"The function of the task `{name}`", error))) from error


@cache  # one object, by which its name is found again; every call of a run asks for it, too
def _plain(name: str) -> Task:
    return cast("Task", _FOLDER.load(name)())


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
    """The tasks of this folder with instances and graders."""
    return tuple(
        n for n in sorted(_FOLDER.own) if hasattr(importlib.import_module(f"{__name__}.{n}"), "grade")
    )
