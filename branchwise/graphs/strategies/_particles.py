"""Particles on a tree: weights, resampling, and the assignment of children to particles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import exp, fsum, log
from random import Random
from typing import Literal, TypeAlias

from branchwise.graphs.strategies._view import filled, hopeless, offspring
from branchwise.store.records import ROOT, Node, NodeId
from branchwise.store.tree import Tree

Weighting: TypeAlias = Literal["prefix", "increment"]
"""Weight of a particle: the odds of its whole prefix, or the change by its newest step."""
Resampling: TypeAlias = Literal["systematic", "multinomial"]


@dataclass(kw_only=True, slots=True)
class ParticleAssignment:
    """Assign a node's children to particles in the order of their requests, and record missing ones."""

    tree: Tree
    strategy: str
    known: dict[NodeId, list[Node]] = field(default_factory=dict)
    taken: dict[NodeId, int] = field(default_factory=dict)
    missing: dict[NodeId, int] = field(default_factory=dict)

    def take(self, node: NodeId, count: int) -> list[Node]:
        """The next `count` children of `node`, fewer if the tree has fewer."""
        if node not in self.known:
            self.known[node] = offspring(self.tree, node, self.strategy)
        first = self.taken.get(node, 0)
        found = self.known[node][first : first + count]
        self.taken[node] = first + len(found)
        if len(found) < count:
            self.missing[node] = self.missing.get(node, 0) + count - len(found)
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Weighting and resampling of a population of particles."""

    particles: int
    temperature: float = 1.0
    weight: Weighting = "prefix"
    resampling: Resampling = "systematic"
    steps: int = 40


@dataclass(kw_only=True, slots=True)
class Population:
    """The particles of one filter at one step; the reference, if any, is the last one and never replaced."""

    filter: Filter
    random: Random
    nodes: list[Node] = field(default_factory=list)
    path: tuple[Node, ...] = ()
    """The reference trajectory, from the root's child to a leaf."""
    step: int = 0

    @property
    def done(self) -> bool:
        """Whether no particle can grow."""
        return self.step > 0 and (
            self.step >= self.filter.steps or all(n.complete or hopeless(n) for n in self.nodes)
        )

    def advance(self, replay: ParticleAssignment) -> bool:
        """Advance every particle by one step; False if its children are not on the tree yet."""
        parents = self._parents(replay.tree)
        free = self.filter.particles - (1 if self.path else 0)
        wanted: dict[NodeId, int] = {}
        for node in parents[:free]:
            if not (node.complete or hopeless(node)):
                wanted[node.id] = wanted.get(node.id, 0) + 1
        got = {name: iter(replay.take(name, count)) for name, count in wanted.items()}
        if any(name in replay.missing for name in wanted):
            return False
        moved = [next(got[node.id]) if node.id in got else node for node in parents[:free]]
        self.step += 1
        if self.path:
            moved.append(self.path[min(self.step, len(self.path)) - 1])
        self.nodes = moved
        return True

    def log_weights(self, tree: Tree) -> list[float]:
        """The particles' log-weights before tempering; those of dead ends are -inf."""
        odds = [logit(score) for score in filled(self.nodes)]
        if self.filter.weight == "increment":
            odds = [now - self._before(tree, n, now) for n, now in zip(self.nodes, odds, strict=True)]
        return [-float("inf") if hopeless(n) else w for n, w in zip(self.nodes, odds, strict=True)]

    def _before(self, tree: Tree, node: Node, now: float) -> float:
        """The log-odds of the prefix that the newest step extended; a finished particle no longer changes."""
        if node.depth < self.step:
            return now
        score = tree[node.parent or ROOT].score
        return 0.0 if score is None else logit(score)

    def _parents(self, tree: Tree) -> list[Node]:
        if self.step == 0:
            return [tree.root] * self.filter.particles
        shares = tempered(self.log_weights(tree), self.filter.temperature)
        free = len(self.nodes) - (1 if self.path else 0)
        chosen = resample(shares, free, self.random, self.filter.resampling)
        return [self.nodes[i] for i in chosen] + self.nodes[free:]


def tempered(log_weights: Sequence[float], temperature: float) -> list[float]:
    """Softmax of log-weights; uniform if all are minus infinity."""
    top = max(log_weights)
    if top == -float("inf"):
        return [1 / len(log_weights)] * len(log_weights)
    raw = [exp((w - top) / temperature) for w in log_weights]
    total = fsum(raw)
    return [w / total for w in raw]


def resample(shares: Sequence[float], count: int, random: Random, how: Resampling) -> list[int]:
    """Draw `count` indices in proportion to `shares`; systematic draws use one random number for all."""
    if how == "multinomial":
        return sorted(random.choices(range(len(shares)), weights=shares, k=count))
    edges = list(accumulate(shares))
    offset = random.random()
    at = 0
    chosen = []
    for i in range(count):
        point = (i + offset) / count * edges[-1]
        while at < len(edges) - 1 and edges[at] <= point:
            at += 1
        chosen.append(at)
    return chosen


def logit(score: float) -> float:
    """The log-odds of a score, which is clipped away from 0 and 1."""
    safe = min(1 - 1e-6, max(1e-6, score))
    return log(safe / (1 - safe))
