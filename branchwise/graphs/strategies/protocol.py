"""The Strategy protocol: a pure function that allocates the next samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Protocol, TypeAlias

from pydantic import AfterValidator, Field, TypeAdapter

from branchwise.store.records import Grain, Node, NodeId
from branchwise.store.tree import Tree

Allocation: TypeAlias = Mapping[NodeId, int]
"""Number of children to sample by node; an empty allocation ends the search."""

NO_LIMIT: Final = 1_000_000
"""The `budget` that a strategy is given where nothing limits the samples: it calculates with a whole number."""

SampleCount: TypeAlias = Annotated[int, Field(ge=0, le=NO_LIMIT)]
"""A number of samples in a recorded decision; a larger one was not written by this program."""


def _within(asked: dict[NodeId, int]) -> dict[NodeId, int]:
    if sum(asked.values()) > NO_LIMIT:
        raise ValueError(f"more than {NO_LIMIT} samples in one round")
    return asked


ALLOCATION: Final = TypeAdapter(Annotated[dict[NodeId, SampleCount], AfterValidator(_within)])
"""An allocation as it is recorded and read: of searches and of web searches."""

Need = Literal["scores", "step scores", "log-probabilities", "revisions", "hints", "prefix"]
"""Requirements of a strategy: scores of whole solutions, of steps, or log-probabilities on the tree's nodes; a
generator that revises whole solutions; a loop that follows the strategy's hints; an engine that goes on from a
reply that was begun for it. Scores that no strategy needs are not bought from a model."""

Aggregation = Literal["best_of_n", "majority", "weighted_majority", "perplexity_consistency"]
"""The file of `graphs/aggregations` that picks the answer among complete nodes."""


class Strategy(Protocol):
    """Decide which nodes get children next. No model, clock, unseeded randomness, I/O or `async`.

    The same tree, budget and seed always give the same allocation. Keys are nodes that did not fail; a sample
    under a complete node is a revision of that solution. Values are positive and sum to at most `budget`. A
    score of None is documented by each strategy; duplicates (`duplicate_of`) have the score of their original.
    """

    def __call__(self, tree: Tree, budget: int, *, seed: int = 0) -> Allocation:
        """Allocate at most `budget` samples over the nodes of `tree`."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Hint:
    """Changes to the request of one sample; a field at its default changes nothing.

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
        """The hint for child number `ordinal` (from 0) of `parent`, given the tree of the allocation."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class StrategyInfo:
    """A strategy's metadata; every strategy file has one as `INFO`."""

    paper: str
    """Source: authors or name, arXiv id, section."""
    grain: Grain
    """The unit that one sample adds."""
    needs: frozenset[Need] = frozenset()
    aggregation: Aggregation = "best_of_n"
    suits: tuple[float, float, float] = (0.5, 0.5, 0.5)
    """Suitability for easy, medium and hard instances, each in [0, 1]; the planner's prior without a fitted table."""
    sized: Callable[[int], Mapping[str, int | float | str | bool]] | None = None
    """The knobs that make about the work of N whole solutions, where the strategy samples steps. Branching and shares
    are those of the papers where N leaves a choice."""
    stops_by: tuple[str, tuple[float, ...]] | None = None
    """The knob that sets when it stops, and values of it worth comparing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The answer that an aggregation chose among whole solutions."""

    answer: str | None
    """The normalised answer; None if the chosen solution has no readable one."""
    node: Node
    """The solution that represents the answer."""
    confidence: float | None
    """The chosen answer's share of the votes in [0, 1]; for Best-of-N its score. Not calibrated."""
    votes: Mapping[str, float]
    """The weight of every answer, summing to 1; empty if no solution has a readable answer."""


class Aggregator(Protocol):
    """Choose one of several whole solutions. Pure, like a strategy."""

    def __call__(self, nodes: Sequence[Node]) -> Choice | None:
        """Choose among complete nodes, oldest first; None without any."""
        ...
