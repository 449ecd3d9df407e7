"""An arm of a comparison: one way to spend the budget."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from branchwise.graphs.runtime.registry import names_graph
from branchwise.graphs.search.pairs import Value, pairs, part
from branchwise.graphs.search.request import options_of
from branchwise.graphs.search.state import Options

_KNOB = re.compile(r":(?=\w+=)")
_ADDED = re.compile(r":| on ")
_MOST = 100_000
"""More trials and samples than any budget pays for."""
_NAMED: Mapping[str, tuple[str, Mapping[str, Value]]] = {
    "one": ("best_of_n", {"n": 1}),
    # Estimates of pass@k assume independent samples.
    "pool": ("best_of_n", {"n": _MOST, "exhaustive": True, "exclude": False}),
}
_BEGUN_AGAIN: Mapping[str, Value] = {"restarts": True, "trials": _MOST}


@dataclass(frozen=True, kw_only=True, slots=True)
class BenchmarkArm:
    """One way to spend a budget."""

    name: str
    """As the person wrote it."""
    strategy: str = ""
    knobs: Mapping[str, Value]
    """Of the strategy; of a workflow fields of its input."""
    options: Options
    workflow: str = ""
    """The workflow, of an arm that is no strategy."""


def arm(text: str, common: Mapping[str, Value] | None = None) -> BenchmarkArm:
    """Read an arm.

    Args:
        text: `one` takes a single sample. `pool` samples on until the budget is spent, whatever was accepted, to
            measure coverage. Any other is a strategy or `auto`, with knobs and options after colons
            (`rebase:width=8:verifier=llm`). A strategy that comes to its end without an accepted solution begins
            again on an empty tree, so that all arms may spend the same. `module:attribute` may also name a
            workflow, with fields of its input after colons.
        common: Options of all strategies; an arm's own come before them.

    Raises:
        UnknownName: A strategy, knob or option does not exist.
        BadInput: A value cannot be used.
    """
    name, *written = _KNOB.split(text)
    if names_graph(name):
        return BenchmarkArm(name=text, workflow=name, knobs=pairs(written), options=Options())
    strategy, own = _NAMED.get(name, (name, {"trials": _MOST} if name == "auto" else _BEGUN_AGAIN))
    chosen, knobs = part(strategy, {**(common or {}), **own, **pairs(written)})
    return BenchmarkArm(name=text, strategy=strategy, knobs=knobs, options=options_of(chosen))


def kind(name: str) -> str:
    """What an arm's name begins with: the strategy, without its knobs and without a model that was added."""
    return _ADDED.split(name, maxsplit=1)[0]
