"""Particle Gibbs: repeat a particle filter around a trajectory that is never replaced."""

from __future__ import annotations

from random import Random

from branchwise.graphs.strategies._chains import turn
from branchwise.graphs.strategies._knobs import Count
from branchwise.graphs.strategies._particles import (
    Filter,
    ParticleAssignment,
    Population,
    Resampling,
    Weighting,
)
from branchwise.graphs.strategies._view import clip
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.records import Node
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Rollout Roulette, arXiv 2502.01618, algorithm 2 (particle Gibbs)",
    grain="step",
    needs=frozenset({"step scores"}),
    sized=lambda n: {"n": n // 2, "iterations": 2},
)


def particle_gibbs(
    tree: Tree,
    budget: int,
    *,
    seed: int = 0,
    n: Count = 8,
    iterations: Count = 2,
    weight: Weighting = "prefix",
    resampling: Resampling = "systematic",
) -> Allocation:
    """Run `iterations` particle filters; each after the first keeps one trajectory drawn from the one before.

    The reference competes with its prefix at the current step, not with its final weight. A particle
    without a score counts as the average of the others. Ancestor sampling is not done. With one particle
    there is nothing to draw beside the reference, so one iteration is run.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Of the resampling and of the references.
        n: Particles of an iteration, the reference included.
        iterations: Filters run one after the other (T).
        weight: As in `particle_filter`.
        resampling: As in `particle_filter`.
    """
    replay = ParticleAssignment(tree=tree, strategy="particle_gibbs")
    chosen = Filter(particles=n, weight=weight, resampling=resampling)
    reference: tuple[Node, ...] = ()
    for iteration in range(iterations if n > 1 else 1):
        random = Random(f"{seed}/{iteration}")  # noqa: S311 (reproducible, not secret)
        drawn = turn(replay, [Population(filter=chosen, random=random, path=reference)])
        if drawn is None:
            break
        reference = drawn[0]
    return clip(replay.missing.items(), budget)
