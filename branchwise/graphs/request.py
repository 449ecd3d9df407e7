"""What a person asks for: stored with the run, refused when it cannot be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter

from branchwise.agents.prompts import Prompts
from branchwise.agents.protocols import Model
from branchwise.graphs import strategies, tasks
from branchwise.graphs.state import Options
from branchwise.store.errors import BadInput, Unsupported
from branchwise.store.records import Budget, Json
from branchwise.store.store import Store

_LONGEST = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What a person asks for; stored with the run, so that resuming needs nothing but its id."""

    problem: str
    task: str = "text"
    model: str = "embedded"
    base_url: str | None = None
    prompts: str | None = None
    """Folder of prompt overrides."""
    seed: int = 0
    budget: Budget = field(default_factory=Budget)
    options: Options = field(default_factory=Options)


def check(request: Request) -> None:
    """Refuse what cannot be solved before anything is stored or spent.

    Raises:
        BadInput: Says what is wrong.
    """
    if not request.problem.strip():
        raise BadInput("The problem is empty.")
    if len(request.problem) > _LONGEST:
        raise BadInput(f"The problem has {len(request.problem)} characters; at most {_LONGEST} are taken.")
    task, options = tasks.load(request.task), request.options
    task.validate(request.problem)
    if options.strategy == "auto":
        for arm in options.arms:
            strategies.about(arm)
    else:
        strategies.load(options.strategy, **options.knobs)
        if "hints" in strategies.about(options.strategy).needs:
            raise BadInput(
                f"The strategy `{options.strategy}` asks for its samples in ways that live runs cannot yet; "
                "it can be replayed on recorded samples."
            )
    if options.verifier == "program" and task.check is None:
        raise BadInput(f"The task `{task.name}` has no checker; use --verifier llm.")
    Prompts(folder=Path(request.prompts) if request.prompts else None).load("constraint", task.name)


def check_engine(request: Request, engine: Model) -> None:
    """Refuse an engine that lacks what the strategy needs.

    Raises:
        Unsupported: Says what is missing and which engines have it.
    """
    name = request.options.strategy
    if (
        name != "auto"
        and "log-probabilities" in strategies.about(name).needs
        and not engine.capabilities.logprobs
    ):
        raise Unsupported(
            f"The strategy `{name}` needs log-probabilities, which `{engine.name}` does not give; "
            "the embedded engine and vLLM do."
        )


def row_of(store: Store, request: Request, **more: str | int | None) -> dict[str, object]:
    """Describe the run that answers `request`, to be stored; `more` is that of `Store.describe`."""
    return store.describe(
        task=request.task,
        strategy=request.options.strategy,
        model=request.model,
        seed=request.seed,
        spec=cast("Json", asdict(request)),
        **more,  # type: ignore[arg-type]
    )


def request_of(spec: Json) -> Request:
    """Read a stored request."""
    return TypeAdapter(Request).validate_python(spec)


def options_of(fields: Mapping[str, object]) -> Options:
    """Build options from names and values that a person gave.

    Raises:
        BadInput: A value cannot be used.
    """
    try:
        return TypeAdapter(Options).validate_python(fields)
    except ValueError as error:
        raise BadInput(str(error)) from error
