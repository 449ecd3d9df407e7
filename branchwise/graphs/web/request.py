"""Input of a web search: validation, storage and parsing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import ConfigDict, TypeAdapter, ValidationError

from branchwise.environments.spec import EnvironmentSpec
from branchwise.graphs import strategies
from branchwise.graphs.runtime.spec import RunSpec, spec_json, unknown_option
from branchwise.models.capabilities import who_can
from branchwise.models.protocol import Model
from branchwise.renamed import new_names
from branchwise.store.as_fields import as_fields
from branchwise.store.errors import BadInput, Unsupported
from branchwise.store.records import Json

WALK = "walk"
"""The strategy `mcts` with `walk`."""
_LAZY = frozenset({"best_first", "mcts"})
"""Strategies that pop a node before its visit; the others compare visited nodes."""
_WALKS_BY = frozenset({"branching", "exploration"})
"""Knobs of `mcts` that a walk has."""
_BEYOND = frozenset({"hints", "revisions"})
_OPTIONS = {
    "states": "max_pages",
    "steps": "max_actions",
    "judgements": "value_samples",
    "held": "pick_actions",
    "at_once": "concurrency",
    "allow": "auto_approve",
    "questions": "max_approvals",
    "look": "vision",
}
"""Options of version 0.1, which stored runs name."""
_FIELDS = {"opening": "environment_spec", "shots": "screenshots"}


@new_names(**_OPTIONS)
@dataclass(frozen=True, kw_only=True, slots=True)
class WebOptions:
    """Options of a web search, stored with the run.

    The default strategy is what measured best with a policy that steers (benchmarks/web_results.md); the numbers are
    those of arXiv 2407.01476, section 4, whose search is `best_first`.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    strategy: str = WALK
    """A strategy's name, or `walk` for `mcts` with `walk`."""
    knobs: Mapping[str, int | float | str | bool] = field(default_factory=dict)
    depth: int = 5
    """Actions from the start, or from the last committed write, to the deepest page."""
    max_pages: int = 20
    """Most pages visited before the search answers or asks; trajectories are bounded by their number."""
    max_actions: int | None = None
    """Most actions executed, replayed ones included; None for no limit."""
    samples: int = 20
    """Proposals sampled for one page."""
    value_samples: int = 20
    """Values sampled from the model and averaged for one page; with 0 only a sound check ranks pages."""
    pick_actions: bool = False
    """Whether the model picks among the listed actions instead of writing one."""
    prior_actions: int = 0
    """With `pick_actions`, how many listed actions the model picks among: the likeliest by words shared with the goal,
    empty fields, and what was not done yet. 0 for all of them."""
    walk: bool = False
    """With `mcts`, which is then `walk`: whether every descent is executed from the start page and goes on to its end,
    so that no page is restored; every distinct proposal is a child unless the knob `branching` says otherwise."""
    concurrency: int = 1
    """Branches visited concurrently; 1 is the paper's order, more pops several frontier nodes together."""
    auto_approve: bool = False
    """Whether irreversible actions are committed without asking, once nothing else is left to try."""
    max_approvals: int = 3
    """Most irreversible actions for which a person is asked."""
    vision: bool = False
    """Whether the model is shown screenshots; it must be multimodal."""

    @property
    def walks(self) -> bool:
        """Whether every descent is executed from the start page."""
        return self.walk or self.strategy == WALK

    @property
    def selects_by(self) -> str:
        """The strategy that selects nodes."""
        return "mcts" if self.strategy == WALK else self.strategy

    @property
    def eager(self) -> bool:
        """Whether children are visited as soon as they are proposed."""
        return self.selects_by not in _LAZY and not self.rolls

    @property
    def rolls(self) -> bool:
        """Whether one sample is a whole trajectory."""
        return strategies.info(self.selects_by).grain == "solution"


@new_names(**_FIELDS)
@dataclass(frozen=True, kw_only=True, slots=True)
class WebInput:
    """Input of the workflow `web`; the model, the seed and the budget are the run's."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    goal: str
    """The goal; empty if the environment provides it."""
    environment: str
    """The environment's name; a run is resumed in the same one only."""
    environment_spec: EnvironmentSpec | None = None
    """How to reopen the environment; None for one that the caller made."""
    screenshots: str | None = None
    """Folder where runs keep their screenshots."""
    options: WebOptions = field(default_factory=WebOptions)


def check(options: WebOptions) -> None:
    """Refuse an invalid request.

    Raises:
        BadInput: The request is invalid; the message gives the reason.
    """
    if options.walks:
        _check_walk(options)
    strategies.load(options.selects_by, **options.knobs)
    lacking = strategies.info(options.selects_by).needs & _BEYOND
    if lacking:
        raise BadInput(
            f"The strategy `{options.strategy}` needs {', '.join(sorted(lacking))}, which no environment has; "
            "use walk, best_first, mcts, beam_search or best_of_n."
        )
    least = {
        "depth": 1,
        "max_pages": 1,
        "samples": 1,
        "concurrency": 1,
        "value_samples": 0,
        "prior_actions": 0,
        "max_approvals": 0,
    }
    for name, bound in least.items():
        if getattr(options, name) < bound:
            raise BadInput(f"`{name}` must be at least {bound}, not {getattr(options, name)}.")
    if options.max_actions is not None and options.max_actions < 1:
        raise BadInput(f"`max_actions` must be at least 1, not {options.max_actions}.")


def _check_walk(options: WebOptions) -> None:
    if options.selects_by != "mcts":
        raise BadInput(f"A walk is a form of `mcts`, not of `{options.strategy}`.")
    if options.concurrency > 1:
        raise BadInput(
            "A walk goes one branch at a time: `concurrency` must be 1, or the strategy another, such as best_first."
        )
    if others := sorted(options.knobs.keys() - _WALKS_BY):
        raise BadInput(f"A walk has the knobs {', '.join(sorted(_WALKS_BY))}; not {', '.join(others)}.")


def check_vision(engine: Model, options: WebOptions) -> None:
    """Refuse a model without image input if it is to be shown screenshots.

    Raises:
        Unsupported: The message names engines that take images.
    """
    if options.vision and not engine.capabilities.pictures:
        raise Unsupported(
            f"The model `{engine.name}` cannot be shown screenshots: it takes no images; {who_can('pictures')} may."
        )


def with_input(spec: RunSpec, given: WebInput) -> RunSpec:
    """The run's request with this input."""
    return replace(spec, input=_INPUT.dump_python(given, mode="json"))


def input_of(spec: RunSpec) -> WebInput:
    """Parse a web search's input, also one that version 0.1 stored.

    Raises:
        UnknownName: It has an option that this version does not know.
        BadInput: The input is not a web search's.
    """
    given = _named(spec.input, _FIELDS) if isinstance(spec.input, Mapping) else {}
    if isinstance(options := given.get("options"), Mapping):
        given["options"] = _named(options, _OPTIONS)
    try:
        return _INPUT.validate_python(given)
    except ValidationError as error:
        if unknown := unknown_option(error):
            raise unknown from error
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"The input `{where}` of a web search cannot be used: {first['msg']}.") from error


def _named(stored: Mapping[str, object], new: Mapping[str, str]) -> dict[str, object]:
    return {new.get(name, name): value for name, value in stored.items()}


def stored(spec: RunSpec) -> Json:
    """A web search's request as stored: the input's fields beside the others, as in versions before workflows."""
    written = {name: getattr(spec, name) for name in ("model", "base_url", "prompts", "seed")}
    written |= {"budget": as_fields(spec.budget), **_INPUT.dump_python(input_of(spec), mode="json")}
    options = spec_json(spec).get("model_options")  # type: ignore[union-attr]
    return {**written, "model_options": options} if options else written


_INPUT = TypeAdapter(WebInput)
