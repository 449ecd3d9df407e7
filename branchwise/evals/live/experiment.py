"""An experiment: every arm on every instance with every seed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from branchwise import tasks
from branchwise.evals.live.arm import BenchmarkArm
from branchwise.evals.live.conduct import conduct, run_id
from branchwise.evals.live.outcome import Finished, GradedRun, graded
from branchwise.evals.live.workflows import input_of
from branchwise.graphs.runtime import registry
from branchwise.graphs.runtime.spec import RunSpec
from branchwise.graphs.search.request import SearchInput, search_spec
from branchwise.graphs.search.result import Result
from branchwise.models.model_options import ModelOptions
from branchwise.models.protocol import Model
from branchwise.store.errors import BadInput
from branchwise.store.records import Budget
from branchwise.store.rows import Status
from branchwise.store.store import Store
from branchwise.store.tree import Tree
from branchwise.tasks.domains.instances import Benchmark, Instance

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Experiment:
    """An experiment: arms, instances, seeds and budget."""

    task: str
    model: str
    arms: tuple[BenchmarkArm, ...]
    instances: tuple[Instance, ...]
    seeds: int
    """How many runs of each instance."""
    first_seed: int = 0
    budget: Budget = field(default_factory=Budget)
    """Of one run."""
    base_url: str | None = None
    model_options: ModelOptions = field(default_factory=ModelOptions)
    prompts: str | None = None
    policy: str = ""
    """A fitted policy table as JSON text, for arms that plan."""
    require: tuple[Mapping[str, Any], ...] = ()
    """Requirements on every answer, in their stored form."""
    benchmark: Benchmark | None = None
    """Where the grader comes from; by default the benchmark that the package has for the task."""

    def spec(self, arm: BenchmarkArm, instance: Instance, seed: int) -> RunSpec:
        """The request of one run.

        Raises:
            BadInput: The instance has no text for a strategy, or no input for a workflow.
        """
        common: dict[str, Any] = {
            "model": self.model,
            "base_url": self.base_url,
            "model_options": self.model_options,
            "prompts": self.prompts,
            "seed": seed,
            "budget": self.budget,
        }
        if arm.workflow:
            given = input_of(registry.load(arm.workflow), instance, arm.knobs)
            return RunSpec(workflow=arm.workflow, input=given, **common)
        if instance.input is not None:
            raise BadInput(f"The problem of `{instance.id}` is an object, which only workflows take.")
        asked = SearchInput(
            problem=instance.problem,
            task=self.task,
            policy=self.policy,
            require=self.require,
            options=replace(arm.options, strategy=arm.strategy, knobs=arm.knobs),
        )
        return search_spec(asked, **common)

    @property
    def every_seed(self) -> range:
        """The seeds of the runs."""
        return range(self.first_seed, self.first_seed + self.seeds)

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.arms) * len(self.instances) * self.seeds


def spread(items: Sequence[T], count: int, *, leave_out: int = 0) -> tuple[T, ...]:
    """Take `count` items at even distances; benchmarks are often sorted by difficulty.

    Args:
        items: The whole benchmark.
        count: How many; all where there are fewer.
        leave_out: Keep every so-many-th item out of it, on which prompts and settings were chosen; 0 for none.
    """
    left = [item for i, item in enumerate(items) if not leave_out or i % leave_out]
    count = min(count, len(left))
    return tuple(left[i * len(left) // count] for i in range(count))


async def finished(experiment: Experiment, store: Store) -> bool:
    """Whether the store holds every run of the experiment with its result."""
    for arm in experiment.arms:
        for instance in experiment.instances:
            for seed in experiment.every_seed:
                run = await store.exact_run(run_id(experiment.spec(arm, instance, seed)))
                if run is None or run.status is not Status.DONE:
                    return False
    return True


async def carry_out(
    experiment: Experiment,
    store: Store,
    engine: Model,
    *,
    concurrency: int = 8,
    done: Callable[[GradedRun], None] = lambda outcome: None,
) -> list[GradedRun]:
    """Run what the store does not hold yet, and grade all runs.

    Args:
        experiment: What to do.
        store: Where the runs are; an experiment that was cut off goes on from there.
        engine: The open model.
        concurrency: Runs at once.
        done: Called with each outcome as it comes.

    Returns:
        Arm by arm, instance by instance, seed by seed.

    Raises:
        BadInput: An arm cannot run; nothing was spent.
    """
    benchmark = experiment.benchmark or tasks.benchmark(experiment.task)
    for arm in experiment.arms:
        specs = [experiment.spec(arm, instance, 0) for instance in experiment.instances]
        workflow = registry.load(specs[0].workflow)
        for spec in specs:
            workflow.check(spec)
        workflow.check_model(specs[0], engine)
    room = asyncio.Semaphore(concurrency)
    flights: dict[str, asyncio.Task[tuple[Result, Tree]]] = {}

    async def one(arm: BenchmarkArm, instance: Instance, seed: int) -> GradedRun:
        async with room:
            spec = experiment.spec(arm, instance, seed)
            name = run_id(spec)  # instances of one problem share their runs
            if name not in flights:
                flights[name] = group.create_task(conduct(store, spec, engine))
            result, tree = await flights[name]
            run = Finished(
                arm=arm.name,
                instance=instance,
                seed=seed,
                result=result,
                tree=tree,
                calls=await store.calls(result.run_id),
            )
            outcome = await graded(run, benchmark.grade)
            done(outcome)
            return outcome

    # Instance by instance, so that an engine finds the prompt that it has just read.
    units = [(a, i, s) for i in experiment.instances for a in experiment.arms for s in experiment.every_seed]
    async with asyncio.TaskGroup() as group:
        made = [group.create_task(one(*unit)) for unit in units]
    found = {(o.arm, o.instance, o.seed): o for o in (task.result() for task in made)}
    return [
        found[arm.name, instance.id, seed]
        for arm in experiment.arms
        for instance in experiment.instances
        for seed in experiment.every_seed
    ]
