"""A task of Inspect's on a local data set of JSON lines; the tests run it with `inspect eval`."""

from __future__ import annotations

from pathlib import Path

from inspect_ai import Task, task
from inspect_ai.dataset import json_dataset
from inspect_ai.scorer import includes
from inspect_ai.solver import generate

from branchwise.integrations.inspect_ai import branchwise_solver


@task
def toy() -> Task:
    """Say something."""
    return Task(
        dataset=json_dataset(str(Path(__file__).with_name("toy.jsonl"))), solver=generate(), scorer=includes()
    )


@task
def searched(base_url: str, store: str) -> Task:
    """The same, with the solver."""
    solver = branchwise_solver(
        "best_of_n", 20_000, "openai-compatible:fake", base_url, knobs={"n": 2}, store=store
    )
    return Task(
        dataset=json_dataset(str(Path(__file__).with_name("toy.jsonl"))), solver=solver, scorer=includes()
    )
