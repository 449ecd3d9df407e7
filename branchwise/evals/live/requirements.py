"""IFEval with its rules given as requirements: a live benchmark in which a uniform draw is impossible."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from branchwise import tasks
from branchwise.evals.live.arm import arm
from branchwise.evals.live.experiment import Experiment, carry_out, finished, spread
from branchwise.evals.live.outcome import GradedRun
from branchwise.models.model_options import ModelOptions
from branchwise.models.protocol import Model
from branchwise.store.errors import BadInput
from branchwise.store.records import Budget
from branchwise.store.store import Store
from branchwise.tasks.domains.instances import Instance
from branchwise.tasks.requirements import requirements

ARMS = ("one", "best_of_n", "sequential_revision", "tree_of_thoughts", "rebase", "auto")
LONGEST = 220
"""Completion tokens of one sample at most."""


def given(instance: Instance) -> tuple[Mapping[str, Any], ...]:
    """The rules of a prompt of IFEval as requirements in their stored form.

    Raises:
        BadInput: One of them is not of the 25 instructions.
    """
    told: Any = instance.meta["instructions"]
    rules = (
        {
            "ifeval": {
                "id": one["id"],
                "arguments": {k: v for k, v in one["arguments"].items() if v is not None},
            }
        }
        for one in told
    )
    return tuple(one.stored for one in requirements(rules))


def prompts(data: Path | None, count: int) -> tuple[Instance, ...]:
    """Prompts of IFEval at even distances whose rules can all be given as requirements.

    Their order halves the distances again and again, so that any first part of them is spread too: an experiment
    that time cuts off has measured the whole range.
    """
    chosen = spread(tuple(_possible(tasks.benchmark("ifeval").instances(data))), count)
    width = max(1, (len(chosen) - 1).bit_length())
    return tuple(chosen[i] for i in sorted(range(len(chosen)), key=lambda i: f"{i:0{width}b}"[::-1]))


def _possible(instances: Iterator[Instance]) -> Iterator[Instance]:
    for instance in instances:
        try:
            given(instance)
        except BadInput:
            continue
        yield instance


async def with_requirements(  # noqa: PLR0913 - each is a choice of the experiment
    instances: Sequence[Instance],
    store: Store,
    engine: Model,
    *,
    seeds: int,
    tokens: int,
    longest: int = LONGEST,
    arms: Sequence[str] = ARMS,
    done: Callable[[GradedRun], None] = lambda outcome: None,
    late: Callable[[], bool] = lambda: False,
) -> list[GradedRun]:
    """Run every arm on every prompt at equal completion tokens; what the store holds already is not run again.

    Args:
        instances: Prompts of IFEval.
        store: Where the runs are.
        engine: The open model.
        seeds: Runs of each prompt and arm.
        tokens: Completion tokens of a run at most.
        longest: Completion tokens of one sample at most.
        arms: The arms; the first is the one that the others are compared with.
        done: Called with each outcome as it comes.
        late: Asked before each prompt but the first; once true, only prompts that the store holds whole are reported.

    Returns:
        Arm by arm, prompt by prompt, seed by seed; graded by IFEval's own strict and loose graders.
    """
    common = {"temperature": 0.8}
    every = Experiment(
        task="text",
        model=engine.name,
        arms=tuple(arm(name, common) for name in arms),
        instances=(),
        seeds=seeds,
        budget=Budget(completion_tokens=tokens),
        model_options=ModelOptions(max_tokens=longest),
        benchmark=tasks.benchmark("ifeval"),
    )
    found: list[GradedRun] = []
    for instance in instances:
        one = replace(every, instances=(instance,), require=given(instance))
        if found and late() and not await finished(one, store):
            continue
        found += await carry_out(one, store, engine, concurrency=1, done=done)
    order = {name: place for place, name in enumerate(arms)}
    return sorted(found, key=lambda outcome: order[outcome.arm])
