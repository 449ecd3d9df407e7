"""State and runtime context of the search graph: ids, counters and small records; the tree is in the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias, TypedDict

from pydantic import ConfigDict, Field, JsonValue

from branchwise.agents.planning.policy_table import Knobs, PolicyTable
from branchwise.agents.planning.ucb import Mode, Record, Term, Weights
from branchwise.agents.prompts import Prompts
from branchwise.graphs.runtime.events import Event
from branchwise.graphs.runtime.journal import Journal
from branchwise.graphs.search.verification import PendingVerdicts
from branchwise.graphs.search.worked import Worked
from branchwise.models.budget import BudgetTracker
from branchwise.models.protocol import Sampler
from branchwise.store.records import Constraints, Node, NodeId
from branchwise.tasks.task import Task
from branchwise.tools.protocol import ToolCaller

Reason = Literal["accepted", "budget", "exhausted", "enough", "decided", "abstained", "too deep"]
"""Why a run ended: an answer was accepted; the budget is spent; no trial is left; by the audit of the verifier one
more sample would do more harm than good; the lead of a vote is decided; the best answer is too uncertain to be given;
or the strategy asked for nodes deeper than the database can name."""

Work: TypeAlias = Callable[[str, str, str], Awaitable[Worked]]
"""Runs a workflow that is an arm: by the path of the call, the strategy's name and the problem."""

EventKind = Literal["opened", "constraints", "probed", "selected", "sampled", "judged", "ended"]


class SearchState(TypedDict, total=False):
    """The part of RunState that the nodes of a search read and write."""

    problem: str
    constraints: Constraints
    strategy: str
    knobs: Knobs
    trial: int
    """Number of the current trial, from 1."""
    since: int
    """The first round in this trial's view of the tree."""
    round: int
    """Rounds of sampling so far, over all trials."""
    samples: int | None
    """Samples that this trial may still take; None for no limit."""
    most: int | None
    """Number of whole solutions after which, by the verifier's audit, one more does not pay; None for no limit."""
    allocation: dict[NodeId, int]
    previous: NodeId
    """The solution to improve on, or the empty string."""
    stop: Reason | Literal[""]
    """Why the run ends; empty while it continues."""
    short: dict[str, Any]
    """With "budget": which limit is reached (`what`), what it is (`limit`), what one more sample needs and what is left
    of it; empty until then."""


class RunState(SearchState, total=False):
    """State of the whole graph."""

    record: Record
    arms: tuple[str, ...]
    """The strategies that the selector chooses among."""
    arm_knobs: Mapping[str, Knobs]
    """Their knobs, where the policy table names some."""
    prior: Mapping[str, float]
    trial_samples: int | None
    """Samples a trial may take, by the planner; None for no limit."""
    answer: NodeId
    """The solution that the run ends with, or the empty string."""
    share: float | None
    """The answer's share of the votes, or its score."""
    confidence: float | None
    calibrated: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """Options of a search, stored with the run."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    strategy: str = "auto"
    knobs: Knobs = field(default_factory=dict)
    arms: tuple[str, ...] = ("best_of_n", "tree_of_thoughts", "rebase", "best_first", "depth_first")
    """The strategies that "auto" chooses among; a fitted policy table puts its own before them. `workflow:NAME` is a
    workflow, of which each trial is one run."""
    inputs: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    """Fields of the input of workflows among the arms, by the workflow's name, besides the problem."""
    probes: Annotated[int, Field(ge=0, le=1000)] = 4
    """Whole solutions sampled to estimate the difficulty, a tenth of what is affordable at most; only with "auto", and
    not where a program judges steps, unless a fitted table is to be read."""
    trials: Annotated[int, Field(ge=1)] = 4
    """Trials of strategies before the run gives up. With a fixed strategy they count only with `restarts`; with "auto"
    they do not count where a program checks and a budget is set: such a run ends when it is solved or has spent it."""
    restarts: bool = False
    """Whether a fixed strategy that found nothing begins again on an empty tree, until `trials` or the budget end."""
    exhaustive: bool = False
    """Whether the search continues after an accepted solution, to measure coverage or to collect solutions."""
    prior: Literal["difficulty", "llm", "uniform"] = "difficulty"
    mode: Mode = "mean"
    without: tuple[Term, ...] = ()
    """Terms removed from the selector's bound, for ablations."""
    temperature: Annotated[float, Field(ge=0, le=10)] = 0.7
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Nucleus of the sampling: only the likeliest tokens that together have this probability are drawn from."""
    threshold: Annotated[int, Field(ge=-100, le=100)] = 95
    """Lowest score at which an LLM verifier accepts."""
    verifier: str = "auto"
    """The verifier: the task's program; a model in words, or by the probability of "Yes"; a reward model at
    `scorer`; a model that votes among the candidates of a round, or five times on each whether it passes
    (`pass_share`); chance, the control of a model's judgement. "auto" is the program where there is one, else the model
    in words. `module:function` names one of your own."""
    judgements: Annotated[int, Field(ge=1, le=100)] = 1
    """Opinions of a model in words whose scores are averaged; with "vote" and "pass_share", five ballots for each."""
    proposals: bool = False
    """Whether one call lists all next steps of a node, different from each other, instead of sampling each."""
    scorer: str = ""
    """Where the reward model answers: a URL that ends in `/classify`, `/pooling` or another name, `#MODEL` after it."""
    durability: Literal["exit", "async", "sync"] = "exit"
    """When LangGraph writes checkpoints: once when the run ends or is interrupted, or at every step, for programs
    that read its state while it runs. No completed call is repeated either way, since the ledger records them."""
    constraints: bool = True
    """Whether agents are shown the constraints; a program checks by them either way."""
    feedback: bool = True
    """Whether a new trial is given the feedback on the best solution so far; of the planner's trials, every second."""
    memory: bool = False
    """Whether the selector also counts how strategies did in earlier runs of this task and model in the store."""
    aggregation: str = ""
    """How the answer is chosen among whole solutions of which none was accepted: a name of
    `branchwise.graphs.aggregations`; empty for the strategy's own way."""
    confidence: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Probability that the leading answer of a vote is the likeliest at which the vote stops sampling; 0 for the
    strategy's own rule. It concerns strategies that vote, and samples of one call are drawn together."""
    abstain_below: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Least calibrated confidence of an answer; below it the run abstains."""
    batch: Annotated[int, Field(ge=0)] = 0
    """Most samples of one call; 0 requests all children of a node at once. Small calls are judged
    sooner, large ones leave more to the engine."""
    exclude: bool = True
    """Whether later calls of the run exclude what a program refuted: whole solutions and dead beginnings. It has no
    effect where a model judges, or where the form of the samples is free text."""
    tools: tuple[str, ...] = ()
    """The tools that steps may call, by name (docs/tools.md). Those that only read are called in every branch; a call
    of one that acts ends its branch and is the answer, which the run does not make."""
    race: bool = False
    """Whether an accepted solution cancels the pending calls of its round. This saves tokens but makes the tree
    depend on the order of the replies; without it a run with the same replies grows the same tree."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchContext:
    """Runtime context of the search graph: LangGraph passes it to every node and does not store it."""

    task: Task
    sample: Sampler
    pending: PendingVerdicts
    checked: bool
    """Whether a program judges, so that verdicts cost nothing."""
    policy: PolicyTable
    """The policy table fitted on labelled runs; empty by default."""
    journal: Journal
    tracker: BudgetTracker
    prompts: Prompts
    options: Options
    seed: int
    watch: Callable[[SearchEvent], None]
    """Called with each event, for progress displays."""
    weights: Weights = field(default_factory=Weights)
    work: Work | None = None
    """Runs the workflows among the arms."""
    call: ToolCaller | None = None
    """The run's tool caller, where the task has tools."""
    forget_failures: Callable[[], bool] = bool
    """Lets calls be repeated whose failures an earlier claim recorded; returns whether one was used."""

    @property
    def compares(self) -> bool:
        """Whether the verifier compares candidates; it then waits for all candidates of a round."""
        return self.options.verifier == "vote"

    def tell(
        self, kind: EventKind, text: str, *, round_: int = 0, nodes: Sequence[Node] = (), count: int = 0
    ) -> None:
        """Emit an event with the state of the tree and the budget; `count` where the nodes are not given."""
        best, tracker = self.journal.tree.best, self.tracker
        score = best.score if best else None
        spent = tracker.spent.tokens
        left = tracker.tokens_left()
        event = SearchEvent(
            kind=kind,
            text=text,
            data=tuple(nodes) or None,
            round=round_,
            nodes=len(nodes) or count,
            best=score,
            tokens=spent,
            left=left,
        )
        self.watch(event)


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchEvent(Event):
    """Progress event of a search; `kind` is an EventKind.

    `data` holds the round's nodes, each with its text, when they were sampled, and again with their scores when they
    were judged.
    """

    round: int = 0
    nodes: int = 0
    best: float | None = None
    """Best unit reward so far."""
