"""Step gates: resample a step until it passes, and restart if the whole solution is inconsistent."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count, Unit
from branchwise.graphs.strategies._view import clip, hopeful, merit, offspring, ranked
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.records import Node
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="A NotSo Simple Way to Beat Simple Bench, arXiv 2412.12173",
    grain="step",
    needs=frozenset({"step scores"}),
    sized=lambda n: {"starts": max(1, n // 4)},
)
_STEPS = 40


def step_gates(
    tree: Tree,
    budget: int,
    *,
    seed: int = 0,
    gate: Unit = 0.5,
    consistent: Unit = 0.9,
    tries: Count = 3,
    starts: Count = 3,
) -> Allocation:
    """Resample each step until it passes the gate; restart if the whole solution is inconsistent.

    After `tries` attempts the best is taken. A step or solution without a score passes its gate, since it was
    not refuted. The global check is the verifier's score of the whole solution. Thresholds are ours; the
    paper's text gives none.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        gate: The unit reward that a step must reach.
        consistent: The unit reward that a whole solution must reach.
        tries: Attempts at one step.
        starts: Chains begun at most.
    """
    first = offspring(tree, tree.root.id, "step_gates")
    for _ in range(starts):
        attempts, first = _attempts(first, gate, tries)
        at, parent = _passed(attempts, gate, tries), tree.root
        for _ in range(1, _STEPS):
            if at is None or at.complete:
                break
            attempts, parent = offspring(tree, at.id, "step_gates"), at
            at = _passed(attempts, gate, tries)
        if at is None and len(attempts) < tries:
            return clip([(parent.id, 1)], budget)
        if at is not None and at.complete and (at.score is None or at.score >= consistent):
            return {}
    return {}


def _attempts(nodes: list[Node], gate: float, tries: int) -> tuple[list[Node], list[Node]]:
    """Split the root's children: those of this chain's first step, and those of later chains."""
    for i, node in enumerate(nodes[:tries]):
        if _good(node, gate):
            return nodes[: i + 1], nodes[i + 1 :]
    return nodes[:tries], nodes[tries:]


def _passed(attempts: list[Node], gate: float, tries: int) -> Node | None:
    """The attempt that the chain continues; None if another is needed or all failed."""
    good = next((node for node in attempts if _good(node, gate)), None)
    if good is not None or len(attempts) < tries:
        return good
    return next(iter(ranked(hopeful(attempts))), None)


def _good(node: Node, gate: float) -> bool:
    return bool(hopeful([node])) and (node.score is None or merit(node) >= gate)
