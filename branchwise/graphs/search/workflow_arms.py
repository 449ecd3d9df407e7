"""Workflows as arms of a search: a sub-run of the workflow writes one whole solution, within the search's budget."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from branchwise.agents.generator import derived_seed
from branchwise.graphs.runtime import registry
from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.events import Event
from branchwise.graphs.runtime.journal import Journal
from branchwise.graphs.runtime.posing import answer_of, posed
from branchwise.graphs.runtime.spec import RunSpec
from branchwise.graphs.runtime.tape import Tape
from branchwise.graphs.search.state import Options, Work
from branchwise.graphs.search.worked import WORKED, Worked
from branchwise.graphs.strategies._workflow import WORKFLOW
from branchwise.models.budget import BudgetTracker
from branchwise.models.protocol import Model
from branchwise.store.errors import BadInput, BudgetSpent
from branchwise.store.records import Budget, Json, Usage
from branchwise.store.stored import read_stored

KIND = "workflow"
"""The kind of the decision that records what a sub-run gave."""


def named(options: Options) -> Iterable[str]:
    """The workflows among the strategies of a search."""
    arms = options.arms if options.strategy == "auto" else (options.strategy,)
    return [name.removeprefix(WORKFLOW) for name in arms if name.startswith(WORKFLOW)]


def check_workflows(spec: RunSpec, options: Options, problem: str) -> None:
    """Refuse workflows that cannot be found, or cannot be given the problem.

    Raises:
        BadInput: Says why.
    """
    known = {*named(options)}
    for name in options.inputs.keys() - known:
        raise BadInput(f"There is an input for `{name}`, which is none of the workflows among the arms.")
    for name in known:
        workflow = registry.load(name)
        workflow.check(_spec(spec, options, name, problem, Budget(), ""))


def check_models(spec: RunSpec, options: Options, problem: str, engine: Model) -> None:
    """Refuse a model that lacks what a workflow needs.

    Raises:
        Unsupported: Says what is missing.
    """
    for name in named(options):
        registry.load(name).check_model(_spec(spec, options, name, problem, Budget(), ""), engine)


def worker(spec: RunSpec, run: Run, options: Options) -> Work:
    """The function that runs a search's workflows as sub-runs, each recorded once with its cost."""
    services, watch = run.services, run.services.watch

    def without_subruns(event: Event) -> None:
        if event.kind != "subrun":  # watchers of a search read fields that only its own events have
            watch(event)

    services.watch = without_subruns

    async def work(path: str, strategy: str, problem: str) -> Worked:
        name, key = strategy.removeprefix(WORKFLOW), f"{path}/{KIND}"
        replayed = isinstance(services.ledger, Tape)

        async def made() -> Json:
            # A fixed workflow has the whole budget; as one arm of several it leaves half to the others.
            share = 0.5 if options.strategy == "auto" else 1.0
            asked = _spec(spec, options, name, problem, _part(services.tracker, share), key)
            try:
                text, ended = answer_of(await services.child(key, asked)), True
            except BudgetSpent:
                text, ended = "", False
            usage = await services.usage_below(key)
            return Worked(text=text or None, ended=ended, usage=usage).model_dump(mode="json")

        found = read_stored(WORKED, await services.journal.decide(key, KIND, made), f"decision `{key}`")
        if replayed:
            services.tracker.pay(found.usage)  # a replay executes no sub-run that would
            if found.ended:
                await services.child(key, _spec(spec, options, name, problem, Budget(), key))
        return found

    return work


def spent(journal: Journal) -> Usage:
    """What the sub-runs of a search have cost together."""
    total = Usage()
    for key in journal.keys(""):
        if key.endswith(f"/{KIND}"):
            total += read_stored(WORKED, journal.decision(key), f"decision `{key}`").usage
    return total


def _spec(spec: RunSpec, options: Options, name: str, problem: str, budget: Budget, key: str) -> RunSpec:
    given = posed(registry.load(name), problem)
    more = options.inputs.get(name, {})
    if more and not isinstance(given, Mapping):
        raise BadInput(f"The input of `{name}` has no fields, so none can be set.")
    return RunSpec(
        workflow=name,
        input={**given, **more} if isinstance(given, Mapping) else given,
        model=spec.model,
        base_url=spec.base_url,
        model_options=spec.model_options,
        prompts=spec.prompts,
        seed=derived_seed(spec.seed, key),
        budget=budget,
    )


def _part(tracker: BudgetTracker, share: float) -> Budget:
    """A share of what is left of each limit."""
    room = tracker.room()
    counts = {
        name: max(1, int(left * share))
        for name, left in room._asdict().items()
        if name != "cost" and math.isfinite(left)
    }
    cost = room.cost * share if math.isfinite(room.cost) and room.cost > 0 else None
    return Budget(**counts, cost=cost)
