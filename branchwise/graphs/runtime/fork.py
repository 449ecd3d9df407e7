"""Fork a run: a new run that reuses the recorded calls of an old one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from branchwise.graphs.runtime import registry
from branchwise.graphs.runtime.questions import ANSWER, QUESTION, asked_at
from branchwise.graphs.runtime.resources import opened_store
from branchwise.graphs.runtime.rows import row_of
from branchwise.graphs.runtime.spec import BudgetLike, RunSpec, budget_of, jsonable, spec_of
from branchwise.models.model_options import ModelOptions, merged
from branchwise.models.model_options import model_options as read_options
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.rows import CallRecord, Decision
from branchwise.store.store import RunRecord, Store


async def fork(  # noqa: PLR0913 - each is a word a person would say
    run_id: str,
    *,
    at: str | None = None,
    input: Any = None,  # noqa: A002 - LangGraph's word
    budget: BudgetLike = None,
    model: str | None = None,
    base_url: str | None = None,
    model_options: ModelOptions | Mapping[str, object] | None = None,
    seed: int | None = None,
    prompts: str | None = None,
    queue: str | None = None,
    store: str | Store | None = None,
    **own: Any,
) -> RunRecord:
    """Make a run of the same workflow; start it with `resume`, or give a `queue` for a worker to run it.

    A call with the same key and request as in the old run is reused and costs nothing; so are people's
    answers.

    Args:
        run_id: The run.
        at: A place, `NODE/VISIT`, from which all calls are made anew; for a search the tree node, `0.2.1`, at
            which the new run starts. None reuses everything.
        input: Another input.
        budget: The new run's budget; by default a fresh one with the old limits.
        model: Another model. It has options of its own; the old model's address only if it is of the same kind.
        base_url: Another server.
        model_options: Limits, connection and price of the model; without `model` they change the old run's one by one.
        seed: Another seed.
        prompts: Another folder of prompts.
        queue: The queue of the workers that run it.
        store: An open Store, or a database URL; by default the SQLite file of `branchwise where`.
        **own: Other parameters that the workflow can change: for a search `strategy`, `knobs` and `options`.

    Raises:
        UnknownName: There is no such run or place.
        BadInput: The new run's request is invalid; nothing was stored.
    """
    async with opened_store(store) as db:
        old = await db.run(run_id)
        was = spec_of(old.spec)
        was = _of_model(was, model, base_url, read_options(model_options))
        changes: dict[str, Any] = {"seed": seed, "prompts": prompts}
        if input is not None:
            changes["input"] = jsonable(input, "The input")
        if budget is not None:
            changes["budget"] = budget_of(budget)
        spec: RunSpec = replace(was, **{name: value for name, value in changes.items() if value is not None})
        workflow = registry.load(spec.workflow)
        if workflow.fork is not None:
            return await workflow.fork(db, old, spec, at=at, queue=queue, **own)
        if given := [name for name, value in own.items() if value]:
            raise BadInput(f"A run of `{spec.workflow}` has no {', '.join(given)} to change.")
        workflow.check(spec)
        calls, decisions = await db.calls(old.id), await db.decisions(old.id)
        cut = None if at is None else began(at, calls, decisions)
        row = row_of(db, workflow, spec, queue=queue, priority=old.priority, forked_from=old.id, forked_at=at)
        answers = [one for one in decisions if one.kind == ANSWER and _before(one, cut)]
        return await db.fork_at_place({**row, "on_change": old.on_change}, answers)


def _of_model(was: RunSpec, model: str | None, base_url: str | None, given: ModelOptions) -> RunSpec:
    """The request with another model, address or options."""
    if model is None:
        return replace(was, base_url=base_url or was.base_url, model_options=merged(was.model_options, given))
    kept = was.base_url if model.partition(":")[0] == was.model.partition(":")[0] else None
    return replace(was, model=model, base_url=base_url or kept, model_options=given)


def began(at: str, calls: Iterable[CallRecord], decisions: Iterable[Decision]) -> float:
    """Time of the first call of a place, in seconds since 1970.

    Raises:
        UnknownName: The run has no such place.
    """
    times = _began(calls, decisions)
    if at not in times:
        raise UnknownName("place", at, times)
    return times[at]


def places(calls: Iterable[CallRecord], decisions: Iterable[Decision]) -> list[str]:
    """The places of a run, in the order of their first calls."""
    times = _began(calls, decisions)
    return sorted(times, key=lambda place: times[place])


def _began(calls: Iterable[CallRecord], decisions: Iterable[Decision]) -> dict[str, float]:
    times: dict[str, float] = {}
    for call in calls:
        _note(times, call.key, call.started)
    for one in decisions:
        if one.kind == QUESTION:
            _note(times, one.key.removesuffix("/question"), asked_at(one.payload))
    return times


def _note(times: dict[str, float], key: str, when: float) -> None:
    """Note the time of every place, `.../VISIT`, at the beginning of a key."""
    parts = key.split("/")
    for end in range(2, len(parts)):
        if parts[end - 1].partition("@")[0].isdigit():
            place = "/".join(parts[:end])
            times[place] = min(when, times.get(place, when))


def _before(answer: Decision, cut: float | None) -> bool:
    return cut is None or asked_at(answer.payload) < cut
