"""What a strategy is: a pure function that says where the next samples go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from branchwise.store.records import Grain, Node, NodeId
from branchwise.store.tree import Tree

Allocation: TypeAlias = Mapping[NodeId, int]
"""How many children to sample under which node; empty means that the strategy has seen enough."""

Need = Literal["scores", "step scores", "log-probabilities", "revisions", "hints", "prefix"]
"""What must be there: scores of whole solutions, of steps, or log-probabilities on the tree's nodes; a
generator that revises whole solutions; a loop that follows the strategy's hints; an engine that goes on from a
reply that was begun for it. Scores that no strategy needs are not bought from a model."""

Aggregation = Literal["best_of_n", "majority", "weighted_majority", "perplexity_consistency"]
"""Which file of `graphs/aggregations` picks the answer among complete nodes."""


class Strategy(Protocol):
    """Decide which nodes get children next. No model, clock, randomness of its own, I/O or `async`.

    The same tree, budget and seed give the same allocation, always. Keys are nodes that did not fail; asking
    under a complete node means a revision of that solution. Values are positive and sum to at most `budget`.
    A score of None is documented by each strategy; duplicates (`duplicate_of`) carry their twin's score.
    """

    def __call__(self, tree: Tree, budget: int, *, seed: int = 0) -> Allocation:
        """Allocate at most `budget` samples over the nodes of `tree`."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Hint:
    """How one sample is asked for otherwise than usual; a field left alone changes nothing.

    A strategy file may offer `hint(tree, parent, ordinal, **knobs) -> Hint`, pure like the strategy itself.
    """

    instruction: str = ""
    """Added to the prompt."""
    prefix: str = ""
    """Text that the sample begins with, as if the model had written it."""
    max_tokens: int | None = None
    temperature: float | None = None
    grain: Grain | None = None


class Hints(Protocol):
    """A strategy's hints with its knobs set."""

    def __call__(self, tree: Tree, parent: NodeId, ordinal: int) -> Hint:
        """Say how child number `ordinal` (from 0) of `parent` is asked for, given the tree decided on."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class StrategyInfo:
    """A strategy's line in the catalogue; every strategy file has one as `INFO`."""

    paper: str
    """Source: authors or name, arXiv id, section."""
    grain: Grain
    """What one sample adds."""
    needs: frozenset[Need] = frozenset()
    aggregation: Aggregation = "best_of_n"
    suits: tuple[float, float, float] = (0.5, 0.5, 0.5)
    """How well it suits easy, medium and hard instances, each in [0, 1]; the planner's prior without a fitted table."""
    sized: Callable[[int], Mapping[str, int | float | str | bool]] | None = None
    """The knobs that make about the work of N whole solutions, where the strategy samples steps. Branching and shares
    are those of the papers where N leaves a choice."""
    stops_by: tuple[str, tuple[float, ...]] | None = None
    """The knob that decides when it stops, and values of it worth comparing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The answer that an aggregation chose among whole solutions."""

    answer: str | None
    """The normalised answer; None where the chosen solution has none that could be read."""
    node: Node
    """The solution that stands for the answer."""
    confidence: float | None
    """The chosen answer's share of the votes in [0, 1]; for Best-of-N its score. Not calibrated."""
    votes: Mapping[str, float]
    """The weight of every answer, summing to 1; empty where no solution has a readable answer."""


class Aggregator(Protocol):
    """Choose one of several whole solutions. Pure, like a strategy."""

    def __call__(self, nodes: Sequence[Node]) -> Choice | None:
        """Choose among complete nodes, oldest first; None when there are none."""
        ...
