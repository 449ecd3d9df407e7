"""Layers of Archon: their components, the rules for them, and what they cost (arXiv 2409.15254, section 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from branchwise.graphs.workflows._prompting import required
from branchwise.store.errors import BadInput, ModelError

Kind = Literal[
    "generator", "critic", "ranker", "fuser", "verifier", "unit_test_generator", "unit_test_evaluator"
]
_FIELDS: Mapping[str, frozenset[str]] = {
    "generator": frozenset({"samples"}),
    "critic": frozenset(),
    "ranker": frozenset({"top_k", "use_critiques"}),
    "fuser": frozenset({"samples"}),
    "verifier": frozenset({"first_k"}),
    "unit_test_generator": frozenset({"tests"}),
    "unit_test_evaluator": frozenset({"top_k", "first_k"}),
}
_Count = Annotated[int, Field(ge=1, le=256)]


class NothingWritten(ModelError):
    """No component of a layer wrote an answer."""


class Component(BaseModel):
    """One component of a layer; which of the optional fields it takes depends on its type."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Kind
    model: str | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.7
    max_tokens: Annotated[int, Field(ge=1, le=100_000)] = 512
    samples: _Count = 1
    top_k: _Count = 5
    first_k: _Count | None = None
    use_critiques: bool = True
    tests: _Count = 5


USUAL: Final = (
    (Component(type="generator", samples=5),),
    (Component(type="critic"),),
    (Component(type="ranker", top_k=3),),
    (Component(type="fuser"),),
)


def check(given: Mapping[str, Any]) -> None:
    """Refuse layers that cannot work, before anything is spent."""
    required(given, "problem")
    layers = given.get("layers", USUAL)
    kinds = [[part.type for part in layer] for layer in layers]
    if not layers or not all(kinds) or {*kinds[0]} != {"generator"}:
        raise BadInput("The first layer of Archon is made of generators, and no layer is empty.")
    if len(layers) > 64:
        raise BadInput("Archon takes at most 64 layers.")
    for number, layer in enumerate(layers, 1):
        first = layer[0].type
        before = {kind for earlier in kinds[: number - 1] for kind in earlier}
        if {part.type for part in layer} != {first} or (
            len(layer) > 1 and first not in {"generator", "fuser"}
        ):
            raise BadInput(f"Layer {number}: only generators, or only fusers, may share a layer.")
        if first == "generator" and number > 1:
            raise BadInput(f"Layer {number}: generators form the first layer only; use a fuser.")
        if first == "unit_test_evaluator" and "unit_test_generator" not in before:
            raise BadInput(f"Layer {number}: a unit_test_evaluator needs a unit_test_generator before it.")
        for part in layer:
            if (
                extra := part.model_fields_set
                - _FIELDS[part.type]
                - {"type", "model", "temperature", "max_tokens"}
            ):
                raise BadInput(f"Layer {number}: a {part.type} has no `{min(extra)}`.")


def calls(layers: Sequence[Sequence[Component]]) -> int:
    """Model calls that layers cost at most, a sample being one; retries of unreadable verdicts are not counted."""
    total = n = 0
    for layer in layers:
        kind, samples = layer[0].type, sum(part.samples for part in layer)
        cost = {"verifier": 2 * n, "unit_test_evaluator": n}
        total += samples if kind in {"generator", "fuser"} else cost.get(kind, 1)
        if kind in {"generator", "fuser"}:
            n = samples
        elif kind in {"ranker", "unit_test_evaluator"}:
            n = min(n, layer[0].top_k)
    return total
