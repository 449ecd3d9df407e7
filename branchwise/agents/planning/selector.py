"""The selection agent: choose the next strategy (PlanGEN, arXiv 2502.16111, section 2.1.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from branchwise.agents.planning.ucb import Mode, Record, Terms, Weights, ucb
from branchwise.agents.protocol import Agent


class SelectorState(TypedDict):
    """State that the selector reads."""

    record: Record
    prior: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """The chosen strategy, with the terms of every bound."""

    strategy: str
    terms: Mapping[str, Terms]
    mode: Mode


class SelectorUpdate(TypedDict):
    """State update of the selector."""

    selection: Selection


def selector(
    names: Sequence[str], *, mode: Mode = "mean", weights: Weights | None = None
) -> Agent[SelectorState, SelectorUpdate]:
    """Make the selector, a LangGraph node; it calls no model. Ties go to the larger prior, then to the order given."""

    async def selector_node(state: SelectorState) -> SelectorUpdate:
        terms = ucb(names, state["record"], state["prior"], weights=weights, mode=mode)
        best = max(names, key=lambda name: (terms[name].total, state["prior"].get(name, 0.5)))
        return {"selection": Selection(strategy=best, terms=terms, mode=mode)}

    return selector_node
