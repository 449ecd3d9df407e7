"""Python functions of the web search: run and resume with an environment and callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from branchwise.environments.protocol import Environment
from branchwise.environments.spec import EnvironmentSpec, opened
from branchwise.graphs.runtime.answer import answer as answer_run
from branchwise.graphs.runtime.events import Watch, quiet
from branchwise.graphs.runtime.resources import opened_store
from branchwise.graphs.runtime.run import resume_run, start
from branchwise.graphs.runtime.spec import BudgetLike, RunSpec, budget_of, spec_of
from branchwise.graphs.web.request import WebInput, WebOptions, input_of, stored, with_input
from branchwise.graphs.web.result import WebResult
from branchwise.graphs.web.workflow import RunHooks, workflow
from branchwise.models.model_options import ModelOptions
from branchwise.models.model_options import model_options as read_options
from branchwise.models.protocol import Model
from branchwise.renamed import new_names
from branchwise.store.rows import OnChange, RunRecord, Status
from branchwise.store.store import Store

__all__ = ["RunHooks", "browse", "resume_web"]


@new_names(shots="screenshots")
async def browse(  # noqa: PLR0913 - each is a word a person would say
    goal: str,
    environment: Environment | EnvironmentSpec,
    *,
    model: str | Model = "embedded",
    base_url: str | None = None,
    model_options: ModelOptions | Mapping[str, object] | None = None,
    options: WebOptions | None = None,
    budget: BudgetLike = None,
    store: str | Store | None = None,
    seed: int = 0,
    prompts: Path | None = None,
    screenshots: Path | None = None,
    hooks: RunHooks | None = None,
    run_id: str | None = None,
    watch: Watch = quiet,
) -> WebResult:
    """Search a goal in an environment.

    Args:
        goal: The goal in words; empty if the environment provides it.
        environment: An environment that you open and close, for example `browser(url)`, or an
            EnvironmentSpec, which is stored with the run, so that it can be resumed from its id alone.
        model: As for `solve`.
        base_url: URL of an OpenAI-compatible server.
        model_options: Limits, connection and price of the model: the fields of `ModelOptions`.
        options: Options of the search.
        budget: The run's budget.
        store: Database URL.
        seed: Seed of the run.
        prompts: Folder of prompt overrides.
        screenshots: Folder for screenshots; each run has its own within.
        hooks: Callbacks: a sound check, approval, progress.
        run_id: The run's id; an existing run is resumed.
        watch: Called with each Event.

    Raises:
        BadInput: The goal or an option cannot be used; nothing was spent.
        Unsupported: The model is to be shown screenshots and takes no images; nothing was spent.
        EnvironmentFailed: The start cannot be opened.
    """
    place = opened(environment) if isinstance(environment, EnvironmentSpec) else environment
    given = WebInput(
        goal=goal.strip(),
        environment=place.name,
        environment_spec=environment if isinstance(environment, EnvironmentSpec) else None,
        screenshots=str(screenshots) if screenshots else None,
        options=options or WebOptions(),
    )
    spec = RunSpec(
        workflow="web",
        model=model if isinstance(model, str) else model.name,
        base_url=base_url,
        model_options=read_options(model_options),
        prompts=str(prompts) if prompts else None,
        seed=seed,
        budget=budget_of(budget),
    )
    try:
        ended = await start(
            with_input(spec, given),
            model=model,
            store=store,
            run_id=run_id,
            workflow=workflow(place, hooks),
            watch=watch,
        )
    finally:
        if isinstance(environment, EnvironmentSpec):
            await place.aclose()
    return cast("WebResult", ended.output)


@new_names(allow="auto_approve")
async def resume_web(  # noqa: PLR0913 - as for browse
    run_id: str,
    environment: Environment | None = None,
    *,
    model: Model | None = None,
    store: str | Store | None = None,
    answer: bool | None = None,
    auto_approve: bool = False,
    on_change: OnChange | None = None,
    budget: BudgetLike = None,
    from_start: bool = False,
    hooks: RunHooks | None = None,
) -> WebResult:
    """Resume a web search whose environment or hooks are your own objects; `resume` does so without them.

    Args:
        run_id: The run.
        environment: The environment, if the run was started in one of your own; the same site as before.
        model: The Model, if the run was started with one of your own.
        store: An open Store, or a database URL.
        answer: The answer to the run's open question.
        auto_approve: Whether irreversible actions are committed from now on without asking; kept with the run.
        on_change: Policy if a recorded call's request has changed; by default as the run was created.
        budget: The budget from now on.
        from_start: As for `resume`.
        hooks: As for `browse`.

    Raises:
        BadInput: The environment differs or is missing.
    """
    made, more = workflow(environment, hooks), None if budget is None else budget_of(budget)
    async with opened_store(store) as db:
        run = await db.run(run_id)
        if auto_approve and run.status is not Status.DONE:
            await _allow(db, run)
        while True:
            run = await db.run(run_id)
            ended = await resume_run(
                db,
                run,
                model=model,
                on_change=on_change,
                budget=more,
                from_start=from_start,
                workflow=made,
            )
            if answer is None or not ended.waiting or not ended.waiting[0].key.startswith("approve/"):
                return cast("WebResult", ended.output)
            await answer_run(run.id, answer, key=ended.waiting[0].key, store=db)
            answer = more = None


async def _allow(db: Store, run: RunRecord) -> None:
    spec = spec_of(run.spec)
    given = input_of(spec)
    allowed = replace(given, options=replace(given.options, auto_approve=True))
    lease = await db.claim(run.id)
    async with db.held(lease):
        await db.amend(lease, stored(with_input(spec, allowed)))
