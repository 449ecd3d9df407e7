"""What a caller may do with a run: answer it, fork it, and see it; the same for HTTP and MCP."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from branchwise.graphs import strategies
from branchwise.graphs.runtime import registry
from branchwise.graphs.runtime.answer import answer as answer_run
from branchwise.graphs.runtime.answer import open_questions
from branchwise.graphs.runtime.fork import fork as fork_run
from branchwise.graphs.runtime.spec import limits, spec_of
from branchwise.models.openai_usage import usage_json
from branchwise.server.background import QUEUE
from branchwise.server.callers import Caller
from branchwise.server.charging import charged, settle
from branchwise.server.choice import AUTO, known
from branchwise.server.serving import Serving
from branchwise.server.wire import BudgetBody, Name
from branchwise.store.errors import BadInput
from branchwise.store.rows import RunRecord, Status
from branchwise.store.runs import adopt

STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
Place = Annotated[str, Field(max_length=640)]
Seed = Annotated[int, Field(ge=-(2**63), lt=2**63)]


class ForkBody(BaseModel):
    """What a fork changes: the body of POST /v1/runs/RUN/fork."""

    model_config = STRICT

    at: Place | None = None
    input: Any = None
    strategy: Name | None = None
    knobs: dict[str, int | float | str | bool] | None = None
    budget: BudgetBody | None = None
    seed: Seed | None = None


async def answered(
    serving: Serving, caller: Caller, run: RunRecord, value: Any, key: str | None, by: str
) -> RunRecord:
    """Answer a question of a waiting run, which then goes on in the background.

    Args:
        serving: The server's parts.
        caller: Whose run it is.
        run: The run.
        value: The answer.
        key: The question's key, if there are several.
        by: Who answers, where the caller has no key.

    Raises:
        BadInput: The run waits for nothing, or not for such an answer.
        BudgetSpent: The caller's key has too little left.
    """
    if run.status is not Status.WAITING:
        raise BadInput(f"The run `{run.id}` is {run.status} and waits for no answer.")
    await charged(serving, caller, spec_of(run.spec), run.id, run)
    who = f"key {caller.id}" if caller.id else by
    try:
        return await answer_run(run.id, value, key=key, by=who, store=serving.store)
    except BaseException:
        await settle(serving, caller, run.id)
        raise


async def forked(serving: Serving, caller: Caller, run: RunRecord, body: ForkBody) -> RunRecord:
    """Fork a run; the new run goes on in the background.

    Raises:
        BadInput: The change is not possible; nothing goes on.
        BudgetSpent: The caller's key has too little left.
    """
    own: dict[str, Any] = {"strategy": body.strategy, "knobs": body.knobs}
    if body.strategy is not None:
        known("strategy", body.strategy, (AUTO, *strategies.names()))
    caller.check_model(body.strategy or run.strategy or run.task, run.task)
    if body.input is not None and run.workflow not in serving.settings.workflows:
        raise BadInput("Only a run of the server's own workflows is given another input.")
    made = await fork_run(
        run.id,
        at=body.at,
        input=body.input,
        budget=_fork_budget(body, run, serving),
        seed=body.seed,
        store=serving.store,
        **{name: value for name, value in own.items() if value is not None},
    )
    try:
        spec = await charged(serving, caller, spec_of(made.spec), made.id)
    except BaseException:
        await serving.store.cancel(made.id)
        raise
    stored = registry.load(spec.workflow).stored(spec)
    await serving.store.database.awrite(
        lambda c: adopt(c, made.id, queue=QUEUE, api_key=caller.key, spec=stored)
    )
    return await serving.store.run(made.id)


def _fork_budget(body: ForkBody, run: RunRecord, serving: Serving) -> dict[str, Any]:
    """The limits of a fork: those asked for, else those of the run."""
    was: Any = limits(spec_of(run.spec).budget)
    asked = was if body.budget is None else body.budget.model_dump(exclude_none=True)
    return {"tokens": serving.settings.defaults.tokens, **asked}


async def shown(serving: Serving, run: RunRecord) -> dict[str, Any]:
    """A run with what it cost, its open questions and its result."""
    usage = await serving.store.usage(run.id, below=True)
    questions = [
        {"key": one.key, "question": one.question, "schema": one.schema} for one in open_questions(run)
    ]
    return {
        **record(run),
        "usage": {**usage_json(usage, 0), "calls": usage.calls, "cost": usage.cost},
        "questions": questions,
        "result": None if run.status is Status.WAITING else run.result,
        "budget": limits(spec_of(run.spec).budget),
    }


def record(run: RunRecord) -> dict[str, Any]:
    """A run as a list shows it."""
    return {
        "id": run.id,
        "object": "run",
        "status": run.status,
        "workflow": run.workflow or "solve",
        "task": run.task,
        "strategy": run.strategy,
        "created": run.created,
        "finished": run.finished,
        "seconds": run.elapsed,
        "forked_from": run.forked_from,
        "parent": run.parent,
        "error": run.error,
        "background": run.queue == QUEUE,
    }
