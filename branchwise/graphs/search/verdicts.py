"""Verification of a round: skip duplicates and unneeded verdicts, and assign each candidate its verdict."""

from __future__ import annotations

from asyncio import Task
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from branchwise.graphs.search.calls import info, kept
from branchwise.graphs.search.state import SearchContext, SearchState
from branchwise.graphs.search.verification import VerdictOutcome
from branchwise.graphs.strategies.protocol import Need
from branchwise.store.errors import BudgetSpent, ModelError
from branchwise.store.records import Node, NodeId, Verdict
from branchwise.store.tree import Tree

Says: TypeAlias = tuple[str, str]
"""Identity of a node for duplicates: the answer of a whole solution, else the whole text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DuplicateIndex:
    """Index of earlier nodes by identity; it decides which candidates of a round need a verdict."""

    state: SearchState
    context: SearchContext
    said: Mapping[Says, NodeId]
    """The first node of earlier rounds with that identity whose verdict can be reused."""

    @classmethod
    def before(cls, state: SearchState, context: SearchContext) -> DuplicateIndex:
        """Index all nodes before `state["round"]`."""
        tree, now = context.journal.tree_before(state["round"]), info(state["strategy"]).needs
        needs = {strategy: info(strategy).needs for strategy in {node.strategy for node in tree} if strategy}
        said: dict[Says, NodeId] = {}
        for node in tree:
            # A node that an earlier strategy left unjudged is verified when a later one needs its score.
            judged = bought(node, needs.get(node.strategy, now), context) or not bought(node, now, context)
            if node.failed is None and node.parent is not None and judged:
                said.setdefault(says(node, tree.texts[node.id]), node.id)
        return cls(state=state, context=context, said=said)

    def open(
        self, siblings: Iterable[Node], texts: Mapping[NodeId, str]
    ) -> dict[NodeId, Task[VerdictOutcome]]:
        """Start verifying candidates that are not duplicates; a comparing verifier is given all of them."""
        needs, new = info(self.state["strategy"]).needs, dict(self.said)
        fresh = [
            node
            for node in siblings
            if node.failed is None
            and new.setdefault(says(node, texts[node.id]), node.id) == node.id
            and bought(node, needs, self.context)
        ]
        rivals = tuple(dict.fromkeys(texts[node.id] for node in fresh))
        return {
            node.id: self.context.pending.open(
                {
                    "problem": self.state["problem"],
                    "path": f"t{self.state['trial']}/r{self.state['round']}",
                    "constraints": self.state["constraints"],
                    "plan": texts[node.id],
                    "complete": node.complete,
                    "node": node.id,
                    "rivals": rivals if self.context.compares else (),
                }
            )
            for node in fresh
        }

    def judged(self, new: Iterable[Node], tree: Tree, found: Mapping[NodeId, VerdictOutcome]) -> list[Node]:
        """The round's nodes with their verdicts; a duplicate gets the verdict of its original."""
        said, done = dict(self.said), {}
        for node in new:
            twin = said.setdefault(says(node, tree.texts[node.id]), node.id)
            if twin == node.id:
                done[node.id] = with_outcome(node, found.get(node.id))
            else:
                done[node.id] = _same_as(node, done.get(twin) or tree[twin])
        return list(done.values())


def bought(node: Node, needs: Collection[Need], context: SearchContext) -> bool:
    """Whether a verdict on `node` is requested: always from a program, from a model only if its score is needed."""
    return context.checked or "step scores" in needs or ("scores" in needs and node.complete)


def says(node: Node, text: str) -> Says:
    """The identity of `node`, given the whole text up to it."""
    if node.complete:
        return ("answer", node.answer) if node.answer is not None else ("whole", text)
    return ("part", text)


def with_outcome(node: Node, outcome: VerdictOutcome | None) -> Node:
    """The node with its verdict; unchanged without a judgement or a budget for one."""
    if outcome is None or isinstance(outcome, BudgetSpent):
        return node
    if isinstance(outcome, ModelError):
        return replace(node, feedback=f"The verifier failed: {kept(outcome)}")
    return _judged(node, outcome)


def _judged(node: Node, verdict: Verdict) -> Node:
    dead = not node.complete and not verdict.accepted
    return replace(
        node,
        score=verdict.reward,
        verified_by=verdict.verified_by,
        accepted=verdict.accepted and node.complete,
        feedback=verdict.feedback,
        failed=f"a dead end: {verdict.feedback}" if dead else None,
    )


def _same_as(node: Node, twin: Node) -> Node:
    return replace(
        node,
        duplicate_of=twin.id,
        score=twin.score,
        verified_by=twin.verified_by,
        accepted=twin.accepted,
        feedback=twin.feedback,
        failed=twin.failed,
    )
