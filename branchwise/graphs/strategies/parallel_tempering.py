"""Parallel tempering: particle Gibbs chains at several temperatures that swap their trajectories."""

from __future__ import annotations

from math import exp
from random import Random

from branchwise.graphs.strategies._chains import turn
from branchwise.graphs.strategies._knobs import Count
from branchwise.graphs.strategies._particles import Filter, ParticleAssignment, Population, Weighting, logit
from branchwise.graphs.strategies._view import clip, filled
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.records import Node
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Rollout Roulette, arXiv 2502.01618, section 3.2 (parallel tempering)",
    grain="step",
    needs=frozenset({"step scores"}),
    sized=lambda n: {"n": n // 2, "chains": 2},
)


_HOTTEST, _COLDEST = 2.0, 0.5


def parallel_tempering(
    tree: Tree,
    budget: int,
    *,
    seed: int = 0,
    n: Count = 8,
    chains: Count = 2,
    iterations: Count = 1,
    weight: Weighting = "prefix",
) -> Allocation:
    """Run `chains` filters at temperatures from 2 down to 0.5; after each iteration neighbours swap.

    Neighbours swap their reference trajectories with the Metropolis probability of the paper. A particle
    without a score counts as the average of the others of its chain. The temperatures are ours; resampling is
    systematic.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Of the resampling, the references and the swaps.
        n: Particles of a chain, the reference included.
        chains: Number of chains (M); their temperatures fall geometrically, and one alone has the hottest.
        iterations: Filters of each chain, one after the other; the paper tried 1.
        weight: As in `particle_filter`.
    """
    replay = ParticleAssignment(tree=tree, strategy="parallel_tempering")
    ratio = (_COLDEST / _HOTTEST) ** (1 / max(1, chains - 1))
    filters = [Filter(particles=n, temperature=_HOTTEST * ratio**k, weight=weight) for k in range(chains)]
    references: list[tuple[Node, ...]] = [()] * chains
    for iteration in range(iterations if n > 1 else 1):
        populations = [
            Population(filter=chain, random=_random(seed, iteration, k), path=references[k])
            for k, chain in enumerate(filters)
        ]
        drawn = turn(replay, populations)
        if drawn is None:
            break
        references = _swap(drawn, filters, _random(seed, iteration, chains))
    return clip(replay.missing.items(), budget)


def _swap(drawn: list[tuple[Node, ...]], filters: list[Filter], random: Random) -> list[tuple[Node, ...]]:
    """Exchange neighbours with probability min(1, exp((w' - w)(1/T - 1/T')))."""
    paths = list(drawn)
    weights = [logit(score) for score in filled([path[-1] for path in paths])]
    for k in range(len(paths) - 1):
        gain = weights[k + 1] - weights[k]
        power = gain * (1 / filters[k].temperature - 1 / filters[k + 1].temperature)
        if random.random() < exp(min(0.0, power)):
            paths[k], paths[k + 1] = paths[k + 1], paths[k]
            weights[k], weights[k + 1] = weights[k + 1], weights[k]
    return paths


def _random(seed: int, iteration: int, chain: int) -> Random:
    return Random(f"{seed}/{iteration}/{chain}")  # noqa: S311 (reproducible, not secret)
