"""Submit runs of a workflow to a queue of workers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from branchwise.graphs.runtime import registry
from branchwise.graphs.runtime.resources import opened_store
from branchwise.graphs.runtime.rows import row_of
from branchwise.graphs.runtime.spec import BudgetLike, RunSpec, budget_of, jsonable
from branchwise.models.model_options import ModelOptions
from branchwise.models.model_options import model_options as read_options
from branchwise.store.errors import BadInput
from branchwise.store.lifecycle import QUEUE
from branchwise.store.rows import OnChange
from branchwise.store.store import Store


async def submit_workflow(  # noqa: PLR0913 - each is a word a person would say
    workflow: Any,
    inputs: Iterable[Any],
    *,
    queue: str = QUEUE,
    priority: int = 0,
    max_attempts: int = 3,
    on_change: OnChange = "fail",
    budget: BudgetLike = None,
    model: str = "embedded",
    base_url: str | None = None,
    model_options: ModelOptions | Mapping[str, object] | None = None,
    seed: int = 0,
    prompts: Path | str | None = None,
    store: str | Store | None = None,
) -> list[str]:
    """Enqueue runs of one workflow, all or none; return their ids in the order of the inputs.

    Args:
        workflow: As for `run`.
        inputs: The input of each run.
        queue: The queue of the workers that run them.
        priority: Higher goes first.
        max_attempts: Number of workers that may die with a run before it fails.
        on_change: Policy if a resumed call's request has changed.
        budget: The budget of each run.
        model: As for `run`.
        base_url: As for `run`.
        model_options: As for `run`.
        seed: As for `run`.
        prompts: As for `run`.
        store: As for `run`.

    Raises:
        BadInput: The workflow cannot be found or an input is invalid; the message names it, and nothing was
            stored.
    """
    name = workflow if isinstance(workflow, str) else registry.name_of(workflow)
    found, specs = registry.load(name), []
    for number, given in enumerate(inputs, 1):
        spec = RunSpec(
            workflow=name,
            input=jsonable(given, f"Input {number}"),
            model=model,
            base_url=base_url,
            model_options=read_options(model_options),
            prompts=str(prompts) if prompts else None,
            seed=seed,
            budget=budget_of(budget),
        )
        try:
            found.check(spec)
        except BadInput as error:
            raise BadInput(f"Input {number}: {error}") from error
        specs.append(spec)
    if not specs:
        raise BadInput("There is nothing to submit.")
    about = {"queue": queue, "priority": priority, "max_attempts": max_attempts, "on_change": on_change}
    async with opened_store(store) as db:
        rows = [row_of(db, found, spec, **about) for spec in specs]  # type: ignore[arg-type]
        return [made.id for made in await db.create_runs(rows)]
