"""Votes: how a run chooses its answer among whole solutions, and when a vote is decided (`Options.confidence`)."""

from __future__ import annotations

from branchwise.agents.planning.policy_table import Knobs
from branchwise.graphs import aggregations
from branchwise.graphs.aggregations import VOTES
from branchwise.graphs.search.calls import info
from branchwise.graphs.search.state import Options, SearchContext, SearchState
from branchwise.graphs.strategies.protocol import Allocation
from branchwise.statistics.top_two import decided, fewest_more
from branchwise.store.tree import Tree


def aggregation(options: Options) -> str:
    """The aggregation that chooses the run's answer: the option's, else the strategy's own."""
    if options.aggregation or options.strategy == "auto":
        return options.aggregation or "best_of_n"
    return info(options.strategy).aggregation


def ballots(tree: Tree, name: str) -> dict[str, float]:
    """The votes for each answer, scaled so that they sum to the number of solutions with an answer."""
    chosen = aggregations.load(name)(tree.complete)
    voters = sum(node.answer is not None for node in tree.complete)
    return {} if chosen is None else {answer: share * voters for answer, share in chosen.votes.items()}


def stopping(state: SearchState, context: SearchContext) -> Knobs:
    """The trial's knobs, with the option's confidence where the strategy has a knob for it."""
    known = info(state["strategy"]).stops_by
    if not context.options.confidence or known is None or known[0] != "certainty":
        return state["knobs"]
    return {"certainty": context.options.confidence, **state["knobs"]}


def is_decided(tree: Tree, state: SearchState, context: SearchContext) -> bool:
    """Whether the run votes, and its leading answer is ahead with the option's confidence."""
    if not _votes(state, context):
        return False
    return decided(ballots(tree, aggregation(context.options)), context.options.confidence)


def until_decided(asked: Allocation, tree: Tree, state: SearchState, context: SearchContext) -> Allocation:
    """The allocation, cut to the fewest samples that could decide the vote; empty once it is decided."""
    if not asked or not _votes(state, context):
        return asked
    votes, least = ballots(tree, aggregation(context.options)), context.options.confidence
    if decided(votes, least):
        return {}
    left = fewest_more(votes, least, most=sum(asked.values()))
    cut: dict[str, int] = {}
    for node, count in asked.items():
        if left > 0:
            cut[node] = min(count, left)
            left -= cut[node]
    return cut


def _votes(state: SearchState, context: SearchContext) -> bool:
    if not context.options.confidence or info(state["strategy"]).grain != "solution":
        return False
    return aggregation(context.options) in VOTES and not context.checked
