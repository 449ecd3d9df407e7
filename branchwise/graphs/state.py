"""What travels through the graph: ids, counters and small records. The tree is rows in the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypedDict

from branchwise.agents.prompts import Prompts
from branchwise.agents.protocols import Sampler, Task
from branchwise.agents.purse import Purse
from branchwise.agents.ucb import Mode, Record, Weights
from branchwise.agents.verifiers.protocol import Verifier
from branchwise.graphs.notebook import Notebook
from branchwise.store.records import Constraints, NodeId

Reason = Literal["accepted", "budget", "exhausted", "unsupported"]
"""Why a run ended: an answer was accepted, the budget is spent, no trial is left, or nothing could be sampled."""

EventKind = Literal["opened", "constraints", "probed", "selected", "sampled", "judged", "ended"]


class SearchState(TypedDict, total=False):
    """State of the search subgraph; a part of RunState."""

    problem: str
    constraints: Constraints
    strategy: str
    knobs: Mapping[str, int | float | str | bool]
    trial: int
    """Which trial of a strategy this is, from 1."""
    since: int
    """First round that this trial's strategy sees."""
    round: int
    """Rounds of sampling so far, over all trials."""
    samples: int
    """Samples that this trial may still take."""
    allocation: dict[NodeId, int]
    previous: NodeId
    """The solution to improve on, or the empty string."""
    stop: Reason | Literal[""]
    """Set when the run must end."""


class RunState(SearchState, total=False):
    """State of the whole graph."""

    record: Record
    prior: Mapping[str, float]
    trial_samples: int
    """Samples a trial may take, by the planner."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How a run goes; stored with it."""

    strategy: str = "auto"
    knobs: Mapping[str, int | float | str | bool] = field(default_factory=dict)
    arms: tuple[str, ...] = ("best_of_n", "tree_of_thoughts", "rebase")
    """The strategies that "auto" chooses among."""
    probes: int = 4
    """Whole solutions sampled to estimate the difficulty; only with "auto"."""
    trials: int = 4
    """Trials of strategies before the run gives up."""
    prior: Literal["difficulty", "llm", "uniform"] = "difficulty"
    mode: Mode = "mean"
    temperature: float = 0.7
    threshold: int = 95
    """Score from which an LLM verifier's judgement counts as accepted."""
    verifier: Literal["auto", "program", "llm"] = "auto"
    durability: Literal["exit", "async", "sync"] = "exit"
    """When LangGraph writes checkpoints: once when the run ends or is interrupted, or at every step, for programs
    that read its state while it runs. No completed call is repeated either way: that is the ledger's doing."""
    feedback: bool = True
    """Whether a new trial is told what was wrong with the best solution so far."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """What a run works with; LangGraph hands it to every node as its runtime context and never stores it."""

    task: Task
    sample: Sampler
    verifier: Verifier
    notebook: Notebook
    purse: Purse
    prompts: Prompts
    options: Options
    seed: int
    watch: Callable[[Event], None]
    """Called with what happened, for progress displays."""
    weights: Weights = field(default_factory=Weights)

    def tell(self, kind: EventKind, text: str, *, round_: int = 0, nodes: int = 0) -> None:
        """Tell whoever watches, with the state of the tree and the purse."""
        best, spent, budget = self.notebook.tree.best, self.purse.spent.tokens, self.purse.budget.tokens
        left = None if budget is None else max(0, budget - spent)
        score = best.score if best else None
        self.watch(
            Event(kind=kind, text=text, round=round_, nodes=nodes, best=score, tokens=spent, left=left)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something a person watching would like to know."""

    kind: EventKind
    text: str
    round: int = 0
    nodes: int = 0
    best: float | None = None
    """Best unit reward so far."""
    tokens: int = 0
    """Tokens spent so far."""
    left: int | None = None
    """Tokens left of the budget, if there is one."""
