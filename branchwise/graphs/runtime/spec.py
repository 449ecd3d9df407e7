"""The request of a run: a workflow's name, its input and its budget, stored with the run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from branchwise.models.model_options import ModelOptions
from branchwise.store.as_fields import as_fields
from branchwise.store.errors import BadInput, Damaged, UnknownName
from branchwise.store.records import Budget, Json, Usage

Durability = Literal["exit", "async", "sync"]
"""When LangGraph writes checkpoints: when the run ends, behind each step, or before the next step begins."""
BudgetLike = Budget | Mapping[str, "int | float"] | int | None
"""A Budget, its fields as a mapping, or a number of tokens."""

COMMON = frozenset({"model", "base_url", "model_options", "prompts", "seed", "budget"})
"""Fields common to requests of all workflows, besides name and input."""
LARGEST = 10_000_000
"""Characters of an input's JSON."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSpec:
    """A run's request, written once: resuming, queueing, forking and replaying need only this and the rows."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # an option of another version is not ignored

    workflow: str
    """A built-in workflow, an entry point of `branchwise.workflows`, or `module:attribute`."""
    input: Any = field(default_factory=dict)
    """The graph's input as plain JSON."""
    model: str = "embedded"
    base_url: str | None = None
    """Where an OpenAI-compatible server listens."""
    model_options: ModelOptions = field(default_factory=ModelOptions)
    prompts: str | None = None
    """Folder of prompt overrides."""
    seed: int = 0
    budget: Budget = field(default_factory=Budget)
    durability: Durability | None = None
    """None for the workflow's own."""

    def __post_init__(self) -> None:
        if not isinstance(self.seed, int) or not -(2**63) <= self.seed < 2**63:
            raise BadInput(f"A seed is a whole number of 64 bits, not {self.seed!r:.100}.")
        if self.durability not in {None, *get_args(Durability)}:
            known = ", ".join(get_args(Durability))
            raise BadInput(f"The durability of a run is one of {known}, not {self.durability!r:.100}.")


_SPEC = TypeAdapter(RunSpec)
_OPTIONS = TypeAdapter(ModelOptions)


def spec_of(stored: Json) -> RunSpec:
    """Parse a stored request, including those of versions before workflows.

    Raises:
        UnknownName: It has an option that this version does not know.
        Damaged: The row is damaged.
    """
    if not isinstance(stored, Mapping):
        raise Damaged("The run's request is damaged: it is no object.")
    data = dict(stored)
    if "input" not in data:
        named = data.pop("workflow", "web" if "goal" in data else "solve")
        common = {name: data.pop(name) for name in COMMON if name in data}
        data = {"workflow": named, "input": data, **common}
    try:
        return _SPEC.validate_python(data)
    except ValidationError as error:
        if unknown := unknown_option(error):
            raise unknown from error
        raise Damaged(f"The run's request is damaged: {_first(error)}.") from error


def unknown_option(error: ValidationError) -> UnknownName | None:
    """The error of an option or value that this version does not know, if that is why a stored request was refused."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "unexpected_keyword_argument":
        return UnknownName("option of the run", where, ())
    if first["type"] == "literal_error":
        return UnknownName(f"value of the run's option `{where}`", str(first["input"]), ())
    return None


def spec_json(spec: RunSpec) -> Json:
    """The stored form of a request; defaults are omitted."""
    shown = {**as_fields(spec), "budget": limits(spec.budget)}
    shown["model_options"] = _OPTIONS.dump_python(spec.model_options, mode="json", exclude_defaults=True)
    optional = {"base_url", "prompts", "durability", "model_options"}
    return cast("Json", {name: value for name, value in shown.items() if value or name not in optional})


def spec_fields(spec: RunSpec, names: Collection[str]) -> Mapping[str, Json]:
    """Those of the named fields that differ from their defaults, as JSON."""
    return _SPEC.dump_python(spec, mode="json", include=set(names), exclude_defaults=True)  # type: ignore[no-any-return]


def limits(budget: Budget) -> Json:
    """The limits that are set."""
    return {name: value for name, value in as_fields(budget).items() if value is not None}


def budget_of(given: BudgetLike) -> Budget:
    """Read a budget: a number is tokens, a mapping names limits.

    Raises:
        BadInput: It names no limit, or a limit is not a positive number.
    """
    try:
        if given is None:
            return Budget()
        if isinstance(given, Budget):
            return given
        if isinstance(given, bool) or not isinstance(given, int | Mapping):
            raise BadInput(f"A budget is a Budget, a mapping of limits or a number of tokens, not {given!r}.")
        return Budget(tokens=given) if isinstance(given, int) else Budget(**given)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise BadInput(f"The budget cannot be used: {error}") from error


def jsonable(value: Any, what: str) -> Json:
    """Convert dataclasses, pydantic models, dates and similar values to plain JSON.

    Raises:
        BadInput: `what` holds a value that cannot be written as JSON, or is too large.
    """
    try:
        plain = to_jsonable_python(value)
    except Exception as error:
        raise BadInput(f"{what} must be plain data that JSON can hold: {error}.") from error
    return cast("Json", plain)


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"`{'.'.join(str(part) for part in first['loc'])}`: {first['msg']}"


def extended(budget: Budget, spent: Usage, elapsed: float, effects: int, more: Budget) -> Budget:
    """The budget that allows `more` beyond what is spent; limits that `more` does not name are kept.

    Args:
        budget: The run's budget.
        spent: The run's usage so far.
        elapsed: Seconds of work so far.
        effects: Number of effects started.
        more: The additional budget.
    """
    gone = {
        "tokens": spent.tokens,
        "completion_tokens": spent.completion_tokens,
        "calls": spent.calls,
        "seconds": elapsed,
        "cost": spent.cost,
        "effects": effects,
    }
    named = {name: value + gone[name] for name, value in as_fields(more).items() if value is not None}
    return replace(budget, **named)
