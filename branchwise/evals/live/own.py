"""User-defined benchmarks: any importable task or workflow, with instances from a file of JSON lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from branchwise import tasks
from branchwise.graphs.runtime.registry import names_graph
from branchwise.store.errors import BadInput, BranchwiseError
from branchwise.store.foreign import failed
from branchwise.store.reading import numbered_lines, read_text
from branchwise.store.records import Json
from branchwise.tasks.domains.instances import Benchmark, Grades, Instance
from branchwise.tasks.requirements import required, requirements
from branchwise.tasks.task import Task

_FIELDS = frozenset({"id", "problem", "expected", "metadata"})
_LARGEST = 1_000_000_000


def benchmark_of(task: str, file: Path | None = None, require: tuple[object, ...] = ()) -> Benchmark:
    """The task with instances and a grader.

    Without a file the instances are those of the task: of a task of the package, or what `instances(folder)` beside
    the function in its module gives. Graders are found alike, as `grade(instance, text)`. Where there is none, an
    answer is right when it is the one that its instance expects, as the task reads both; where nothing is expected,
    when the task's checker accepts it.

    Args:
        task: A name of `branchwise tasks`, `module:function`, or a workflow, which counts as one of the task `text`.
        file: JSON lines, each `{"problem": ..., "id": ..., "expected": ..., "metadata": {...}}`.
        require: Requirements on every answer.

    Raises:
        BadInput: There are neither instances nor a file, or nothing could tell what is right.
    """
    wanted = requirements(require)
    loaded = required(tasks.load("text" if names_graph(task) else task), wanted)
    if file is None and task in tasks.benchmarks():
        return tasks.benchmark(task)
    module = import_module(task.partition(":")[0]) if ":" in task else None
    own = getattr(module, "instances", None)
    if file is None and own is None:
        raise BadInput(
            f"The task `{task}` brings no instances: name a file of JSON lines with --file, or write a function "
            f"`instances(folder)` beside it. Tasks that bring some: {', '.join(tasks.benchmarks())}."
        )
    packaged = tasks.benchmark(task).grade if task in tasks.benchmarks() else None

    def given(folder: Path | None) -> Iterator[Instance]:
        return read_instances(file) if file is not None else _brought(task, own, folder)

    return Benchmark(
        task=loaded,
        instances=given,
        grade=_usable(getattr(module, "grade", None) or packaged, loaded),
    )


def check_instances(benchmark: Benchmark, chosen: Sequence[Instance]) -> None:
    """Refuse problems that the task does not take, and a task without a usable grader, before a token is spent.

    Raises:
        BadInput: There is one; the message names the instance.
    """
    task = benchmark.task
    for instance in chosen:
        if instance.input is None:
            try:
                task.validate(instance.problem)
            except BadInput as error:
                raise BadInput(f"The problem of `{instance.id}`: {error}") from error
            except Exception as error:
                what = f"The function `validate` of the task `{task.name}`"
                raise BadInput(f"The problem of `{instance.id}`: {failed(what, error)}") from error
    try:
        benchmark.grade(chosen[0], "")
    except BranchwiseError:
        raise
    except Exception as error:
        said = failed(f"The grader of `{task.name}`", error)
        raise BadInput(f"{said}. It was given an empty text, which a model may answer.") from error


def _brought(task: str, own: Any, folder: Path | None) -> Iterator[Instance]:
    """The instances that a user's function returns, each validated."""
    for instance in own(folder):
        if not isinstance(instance, Instance):
            raise BadInput(f"`instances` beside `{task}` gave a {type(instance).__name__} and no Instance.")
        yield instance


def read_instances(file: Path) -> Iterator[Instance]:
    """Read instances from JSON lines; a line that is a text is a problem alone.

    Raises:
        BadInput: The file or a line cannot be used; the message names the line.
    """
    try:
        if file.stat().st_size > _LARGEST:
            raise BadInput(f"`{file}` has more than {_LARGEST:,} bytes.")
    except OSError as error:
        raise BadInput(f"`{file}` cannot be read: {error.strerror}.") from error
    seen: set[str] = set()
    for number, line in numbered_lines(read_text(file)):
        instance = _instance(line, number, file)
        if instance.id in seen:
            raise BadInput(f"Line {number} of `{file}`: the id `{instance.id}` is there already.")
        seen.add(instance.id)
        yield instance


def _instance(line: str, number: int, file: Path) -> Instance:
    try:
        row: Json = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"Line {number} of `{file}` is no JSON: {error}.") from error
    given = {"problem": row} if isinstance(row, str) else row
    problem = given.get("problem") if isinstance(given, Mapping) else None
    if not isinstance(given, Mapping) or not isinstance(problem, str | Mapping):
        raise BadInput(f"Line {number} of `{file}` is neither a text nor an object with a `problem`.")
    if unknown := given.keys() - _FIELDS:
        raise BadInput(
            f"Line {number} of `{file}` has the field `{min(unknown)}`; known: {', '.join(sorted(_FIELDS))}."
        )
    meta = given.get("metadata") or {}
    if not isinstance(meta, Mapping):
        raise BadInput(f"Line {number} of `{file}`: `metadata` is an object.")
    return Instance(
        id=str(given.get("id", number)),
        problem=problem if isinstance(problem, str) else json.dumps(problem),
        input=None if isinstance(problem, str) else problem,
        gold=given.get("expected"),
        meta=meta,
    )


def _usable(grade: object, task: Task) -> Callable[[Instance, str], Grades]:
    if grade is None:
        return partial(_grade, task)
    if not callable(grade):
        raise BadInput(f"`grade` beside the task `{task.name}` is no function.")
    return grade


def _equal(task: Task, gold: Json, text: str) -> bool:
    """Whether an answer is the expected one, as the task reads both; one that is no text also as JSON."""
    if not isinstance(gold, str):
        try:
            if json.loads(text) == gold:
                return True
        except (ValueError, RecursionError):
            pass
    words = gold if isinstance(gold, str) else json.dumps(gold)
    given = task.answer(text)
    return given is not None and given == (task.answer(words) or words.strip())


def _grade(task: Task, instance: Instance, text: str) -> Grades:
    """By the expected answer, or by the checker."""
    if instance.gold is not None:
        return {"answer": _equal(task, instance.gold, text)}
    if task.check is None:
        raise BadInput(
            f"Nothing tells what is right for `{instance.id}`: give `expected` in the file, a checker in the task, or "
            "requirements."
        )
    known = task.read_constraints(instance.problem)
    verdict = None if known is None else task.check(known, text, True)
    return {"checker": verdict is not None and verdict.accepted}
