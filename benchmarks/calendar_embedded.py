"""The shares of constrained decoding and of search in solving calendar problems, on samples of the embedded model.

    BRANCHWISE_DATA=../shared/data python benchmarks/calendar_embedded.py --instances 24 --samples 32

For each degree of constraint: pass@k (exact estimator over the samples), and beside it what a uniform draw among the
offered answers would reach: a model that is no better than that draw adds nothing but the samples.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from branchwise.agents.generator import bullets
from branchwise.agents.prompts import fill
from branchwise.models import load
from branchwise.models.protocol import Message, Model, SampleRequest
from branchwise.statistics.pass_at_k import pass_at_k
from branchwise.store.records import Constraints
from branchwise.tasks.calendar import Constrain, calendar, instances
from branchwise.tasks.domains.instances import Instance
from branchwise.tasks.task import Task

_DEGREES: tuple[Constrain, ...] = ("hours", "form")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One degree of constraint."""

    constrain: str
    solved_at: dict[int, float]
    chance_at: dict[int, float] | None
    tokens_per_sample: float
    prompt_tokens: float
    seconds: float
    """Per instance."""


def accepted(task: Task, constraints: Constraints, text: str) -> bool:
    """Whether the sound checker accepts `text`."""
    assert task.check is not None
    verdict = task.check(constraints, text, True)
    return verdict is not None and verdict.accepted


def measured(count: int) -> list[Instance]:
    """The first instances but every sixth, which served to choose the prompt's words."""
    return [instance for i, instance in enumerate(instances()) if i % 6][:count]


async def measure(
    model: Model, constrain: Constrain, count: int, samples: int, ks: list[int], temperature: float
) -> Row:
    """Sample every instance and check every sample."""
    task = calendar(constrain)
    solved: list[int] = []
    chance: list[float] = []
    tokens = prompt = 0
    began = time.monotonic()
    for instance in measured(count):
        known = task.read_constraints(instance.problem)
        assert known is not None, instance.id
        output_format = task.output_format(known, "", "solution")
        asked = fill(task.instructions, problem=instance.problem, constraints=bullets(known))
        reply = await model.sample(
            SampleRequest(
                messages=(Message(role="user", content=asked),),
                n=samples,
                temperature=temperature,
                output_format=output_format,
                seed=0,
            )
        )
        solved.append(sum(accepted(task, known, s.text) for s in reply.samples))
        tokens += reply.usage.completion_tokens
        prompt += reply.usage.prompt_tokens - reply.usage.cached_tokens
        if output_format.choices:
            chance.append(
                sum(accepted(task, known, c) for c in output_format.choices) / len(output_format.choices)
            )
    n = len(solved)
    return Row(
        constrain=constrain,
        solved_at={k: sum(pass_at_k(samples, c, k) for c in solved) / n for k in ks},
        chance_at={k: sum(1 - (1 - p) ** k for p in chance) / n for k in ks} if chance else None,
        tokens_per_sample=tokens / n / samples,
        prompt_tokens=prompt / n,
        seconds=(time.monotonic() - began) / n,
    )


async def main() -> None:
    """Measure and print JSON and a table."""
    options = argparse.ArgumentParser()
    options.add_argument("--instances", type=int, default=20)
    options.add_argument("--samples", type=int, default=32)
    options.add_argument("--temperature", type=float, default=2.0)
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    ks = [k for k in (1, 8, 16, 32) if k <= given.samples]
    model = load("embedded")
    rows = [
        await measure(model, constrain, given.instances, given.samples, ks, given.temperature)
        for constrain in _DEGREES
    ]
    await model.aclose()
    for row in rows:
        print(json.dumps(asdict(row)))
    if given.out:
        told = {
            "command": f"benchmarks/calendar_embedded.py {vars(given)}",
            "rows": [asdict(row) for row in rows],
        }
        cast("Path", given.out).write_text(json.dumps(told, indent=1, default=str) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
