"""Submit problems to a queue of workers: all of them, or none if one is invalid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import JsonValue, TypeAdapter, ValidationError

from branchwise.graphs.runtime.naming import strategy_name, task_name
from branchwise.graphs.runtime.resources import opened_store
from branchwise.graphs.runtime.rows import row_of
from branchwise.graphs.runtime.spec import COMMON, RunSpec
from branchwise.graphs.runtime.submit import submit_workflow
from branchwise.graphs.search import policies
from branchwise.graphs.search.request import SearchInput, check, put, search_spec
from branchwise.graphs.search.state import Options
from branchwise.graphs.search.workflow import workflow as search
from branchwise.models.model_options import ModelOptions
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.lifecycle import QUEUE
from branchwise.store.records import Budget, Json
from branchwise.store.rows import OnChange
from branchwise.store.store import Store
from branchwise.tasks.requirements import requirements


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One problem of a queue: the arguments of `solve` and its priority."""

    problem: str | tuple[JsonValue, ...]
    """A text or messages."""
    system: str | None = None
    task: str = "text"
    strategy: str = "auto"
    knobs: Mapping[str, int | float | str | bool] = field(default_factory=dict)
    model: str = "embedded"
    base_url: str | None = None
    model_options: ModelOptions = field(default_factory=ModelOptions)
    require: tuple[JsonValue, ...] = ()
    """Requirements in any form that JSON has; see docs/requirements.md."""
    prompts: str | None = None
    policy: Path | str | None = None
    """A fitted policy table's file, as for `solve`."""
    seed: int = 0
    budget: Budget = field(default_factory=Budget)
    options: Options = field(default_factory=Options)
    priority: int = 0
    """Higher goes first."""
    max_attempts: int = 3
    """Number of workers that may die with it before it fails."""
    on_change: OnChange = "fail"
    id: str | None = None
    """A name of yours for the problem; `branchwise results` shows it."""
    expected: JsonValue = None
    """The right answer, if you know it; the run never sees it."""
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    """Other data that `branchwise results` shows with it."""

    def spec(self, table: str) -> RunSpec:
        """The entry as a run's request, with the text of a policy table."""
        words, messages = put(self.problem, self.system, self.task)
        asked = SearchInput(
            problem=words,
            messages=messages,
            task=self.task,
            require=tuple(one.stored for one in requirements(self.require)),
            policy=table,
            options=replace(self.options, strategy=self.strategy, knobs=self.knobs),
            id=self.id,
            expected=self.expected,
            metadata=self.metadata,
        )
        return search_spec(asked, **{name: getattr(self, name) for name in COMMON})


Tables: TypeAlias = Callable[[Path | str | None, str, str], str]
"""The text of the policy table that a run uses, by its file, its task and its model."""

_ENTRY = TypeAdapter(Entry)
_NAMED: Mapping[str, Callable[[Any], str]] = {"task": task_name, "strategy": strategy_name}
_NESTED = {"budget": Budget, "options": Options, "model_options": ModelOptions}


async def submit(
    problems: Iterable[Any],
    *,
    workflow: Any = None,
    store: str | Store | None = None,
    queue: str = QUEUE,
    **defaults: object,
) -> list[str]:
    """Enqueue problems for the workers of `branchwise worker` or `work`.

    Args:
        problems: Each a text, a list of messages, or a mapping with `problem` and other fields of an `Entry`. As for
            `solve`, a task or a strategy may be an object at the top level of a module; workers import it by name.
        workflow: Another workflow, as for `run`; then the problems are its inputs, and the defaults are those of
            `submit_workflow`.
        store: An open Store, or a database URL; by default the SQLite file of `branchwise where`.
        queue: The queue of the workers that solve them.
        **defaults: Fields of `Entry` for problems that do not name them.

    Returns:
        The ids of the runs, in the order of the problems.

    Raises:
        BadInput: A problem is invalid; the message names it, and nothing was stored.
    """
    if workflow is not None:
        return await submit_workflow(workflow, problems, store=store, queue=queue, **defaults)  # type: ignore[arg-type]
    # Read once: thousands of problems share a table, which must not change halfway.
    tables: Tables = cache(policies.policy)
    entries = [read_entry(problem, number, defaults, tables) for number, problem in enumerate(problems, 1)]
    if not entries:
        raise BadInput("There is no problem to submit.")
    async with opened_store(store) as db:
        rows = [
            row_of(
                db,
                search(),
                spec,
                queue=queue,
                priority=entry.priority,
                max_attempts=entry.max_attempts,
                on_change=entry.on_change,
            )
            for entry, spec in entries
        ]
        return [run.id for run in await db.create_runs(rows)]


def read_entry(
    problem: object, number: int, defaults: Mapping[str, object], tables: Tables
) -> tuple[Entry, RunSpec]:
    """Read and check one problem.

    Args:
        problem: A text, messages, or a mapping.
        number: Its place among the problems, from 1, for the error.
        defaults: Fields that it may leave out.
        tables: Where policy tables are looked up.

    Raises:
        BadInput: The problem is invalid.
    """
    given = {"problem": problem} if isinstance(problem, str | list | tuple) else problem
    try:
        if not isinstance(given, Mapping):
            raise BadInput("it is neither a text nor an object with a `problem`.")
        asked = {**defaults, **given}
        asked |= {name: named(asked[name]) for name, named in _NAMED.items() if asked.get(name) is not None}
        _refuse_unknown("field", Entry, asked)
        for name, kind in _NESTED.items():
            if isinstance(part := asked.get(name), Mapping):
                _refuse_unknown(f"field of `{name}`", kind, part)
        entry = _ENTRY.validate_python(asked)
        if entry.max_attempts < 1:
            raise BadInput("`max_attempts` is at least 1.")
        spec = entry.spec(tables(entry.policy, entry.task, entry.model))
        check(spec)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the problem"
        raise BadInput(f"Problem {number}: `{place}`: {first['msg']}.") from error
    except BadInput as error:
        raise BadInput(f"Problem {number}: {error}") from error
    return entry, spec


def _refuse_unknown(
    what: str, kind: type[Entry | Budget | Options | ModelOptions], given: Mapping[str, Json]
) -> None:
    known = {part.name for part in fields(kind)}
    for name in given:
        if name not in known:
            raise UnknownName(what, str(name), known)
