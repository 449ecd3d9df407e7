"""Solve one problem."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from branchwise.graphs.runtime.arguments import model_name
from branchwise.graphs.runtime.events import Watch, quiet
from branchwise.graphs.runtime.naming import strategy_name, task_name
from branchwise.graphs.runtime.run import resume, start
from branchwise.graphs.runtime.spec import BudgetLike, budget_of
from branchwise.graphs.search import policies
from branchwise.graphs.search.request import SearchInput, put, search_spec
from branchwise.graphs.search.result import Result
from branchwise.graphs.search.state import Options
from branchwise.models import trust
from branchwise.models.budget import BudgetTracker
from branchwise.models.conversation import Problem
from branchwise.models.model_options import ModelOptions
from branchwise.models.model_options import model_options as read_options
from branchwise.models.protocol import Model
from branchwise.store.store import Store
from branchwise.tasks.requirements import requirements
from branchwise.tasks.task import Task

__all__ = ["Result", "resume", "solve"]


async def solve(  # noqa: PLR0913 - each is a word a person would say
    problem: Problem,
    *,
    system: str | None = None,
    task: str | Task | Callable[..., Task] = "text",
    strategy: str | Callable[..., Any] = "auto",
    knobs: Mapping[str, int | float | str | bool] | None = None,
    budget: BudgetLike = None,
    model: str | Model = "embedded",
    store: str | Store | None = None,
    seed: int = 0,
    base_url: str | None = None,
    model_options: ModelOptions | Mapping[str, object] | None = None,
    prompts: Path | None = None,
    policy: Path | str | None = None,
    require: Iterable[object] = (),
    watch: Watch = quiet,
    options: Options | None = None,
    shared_budget: BudgetTracker | None = None,
    run_id: str | None = None,
) -> Result:
    """Solve one problem.

    Args:
        problem: The problem in words, or a conversation: messages with a `role` (system, user, assistant, tool) and
            `content`, pictures and tool calls among them, in OpenAI's form or as `Message` records.
        system: The system message.
        task: Its domain, a name of `branchwise tasks`; "text" takes any question. A Task of yours, or a function that
            makes one, is at the top level of a module: the run is stored with its name `module:attribute`.
        strategy: A name of `branchwise strategies`, or "auto" to let the planner and the selector choose; or a
            strategy function of yours at the top level of a module, stored as `module:function`.
        knobs: Knobs of that strategy, for example `{"n": 32}`.
        budget: The run's budget: a Budget, its limits as a mapping, or a number of tokens; without one it is
            bounded by the strategy alone.
        model: "embedded", "pool:NAME", "openai-compatible:NAME" (with `base_url`), "litellm:NAME", or an open Model,
            which many runs may share.
        store: An open Store, or a database URL; by default the SQLite file of `branchwise where`.
        seed: Makes allocation and, where the engine has seeds, sampling repeatable.
        base_url: URL of an OpenAI-compatible server; by default `OPENAI_BASE_URL`.
        model_options: Limits, temperatures, connection and price of the model: the fields of `ModelOptions`.
        prompts: Folder of prompt overrides.
        policy: A fitted policy table for the planner; by default the one that `branchwise planner fit` keeps for
            this task and model, if there is one; "none" for none.
        require: Requirements on the whole reply: texts such as `words=50..100`, JSON schemas, pydantic types, compiled
            patterns, functions of a text; see docs/requirements.md.
        watch: Called with each Event.
        options: Everything else; its `strategy` and `knobs` give way to the arguments.
        shared_budget: A budget that several runs share, besides each run's own.
        run_id: The run's id; an existing run is resumed, so that a repeated start does not repeat the work.

    Raises:
        BadInput: The problem, a name or an option cannot be used; nothing was spent.
        StoreError: The database cannot be used.
        ModelError: The model cannot be reached.
    """
    name = model_name(model)
    domain = task_name(task)
    words, messages = put(problem, system, domain)
    asked = SearchInput(
        problem=words,
        messages=messages,
        task=domain,
        policy=policies.policy(policy, domain, name),
        require=tuple(one.stored for one in requirements(require)),
        options=replace(options or Options(), strategy=strategy_name(strategy), knobs=knobs or {}),
    )
    if asked.options.scorer:
        trust(f"scorer:{asked.options.scorer}")
    spec = search_spec(
        asked,
        model=name,
        base_url=base_url,
        model_options=read_options(model_options),
        prompts=str(prompts) if prompts else None,
        seed=seed,
        budget=budget_of(budget),
    )
    ended = await start(spec, model=model, store=store, run_id=run_id, watch=watch, shared=shared_budget)
    return cast("Result", ended.output)
