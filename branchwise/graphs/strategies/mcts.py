"""Monte Carlo tree search with UCT or PUCT, on the values of a step verifier."""

from __future__ import annotations

from collections.abc import Callable
from math import log, sqrt
from typing import Literal

from branchwise.graphs.strategies._knobs import Count, Weight
from branchwise.graphs.strategies._sizes import branching
from branchwise.graphs.strategies._view import clip
from branchwise.graphs.strategies._visits import Visits, priors, visits
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.records import Node, NodeId
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="AlphaMath, arXiv 2405.03553, section 3; MCTS-DPO, arXiv 2405.00451; UCT as in arXiv 2408.00724",
    grain="step",
    needs=frozenset({"step scores"}),
    sized=lambda n: {"branching": branching(n), "simulations": n},
)


_DEPTH = 40


def mcts(
    tree: Tree,
    budget: int,
    *,
    seed: int = 0,
    rule: Literal["uct", "puct"] = "puct",
    exploration: Weight = 1.5,
    branching: Count = 5,
    simulations: Count = 40,
) -> Allocation:
    """Select an open leaf by the rule and give it `branching` children.

    A node's visits are the evaluations at and below it, its value their mean; all are computed from the tree.
    A finished solution cannot be sampled again, so finished parts of the tree are closed instead of
    revisited. A node without a score counts with its parent's. PUCT's prior is the step's likelihood, or
    uniform without log-probabilities. There are no roll-outs: the verifier values each prefix. `coat` is the
    form with associations.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        rule: Selection rule.
        exploration: Weight of the exploration term (1.5 in AlphaMath; 1 for UCT in REBASE's baseline).
        branching: Children of an expanded leaf.
        simulations: Leaves that are expanded in all.
    """
    seen = visits(tree, "mcts", depth=_DEPTH)
    if len(seen.grown) >= simulations or tree.root.id in seen.closed:
        return {}
    choose = uct(seen, exploration) if rule == "uct" else _puct(seen, exploration)
    leaf = tree.root
    while leaf.id in seen.grown:
        leaf = seen.choose(leaf.id, choose)
    return clip([(leaf.id, branching)], budget)


def uct(seen: Visits, exploration: float) -> Callable[[Node, NodeId], float]:
    """The UCT rule: the mean value plus a bonus that shrinks with visits."""

    def value(node: Node, parent: NodeId) -> float:
        return seen.mean(node.id) + exploration * sqrt(log(seen.count[parent]) / seen.count[node.id])

    return value


def _puct(seen: Visits, exploration: float) -> Callable[[Node, NodeId], float]:
    known: dict[NodeId, dict[NodeId, float]] = {}

    def value(node: Node, parent: NodeId) -> float:
        if parent not in known:
            known[parent] = priors(seen.below[parent])
        spread = exploration * known[parent][node.id] * sqrt(seen.count[parent]) / (1 + seen.count[node.id])
        return seen.mean(node.id) + spread

    return value
