"""Outcomes of every policy on every instance, on disjoint halves of its samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from branchwise.evals.log import Log, RecordedSample
from branchwise.evals.policy import Policy
from branchwise.evals.replay import Deck, Judge, Played, halves, replay
from branchwise.evals.steps import StepDeck
from branchwise.graphs import aggregations, strategies
from branchwise.graphs.strategies.protocol import Aggregator, Strategy

Draws = Sequence[RecordedSample]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcomes:
    """Outcomes of each policy: rows are instances, columns are draws (seed 0 first half, seed 0 second half, ...)."""

    instances: tuple[str, ...]
    right: Mapping[Policy, Sequence[Sequence[float]]]
    tokens: Mapping[Policy, Sequence[Sequence[float]]]

    def accuracy(self, policy: Policy) -> list[float]:
        """One accuracy an instance."""
        return [fmean(row) for row in self.right[policy]]

    def cost(self, policy: Policy, rows: Sequence[int] | None = None) -> float:
        """Mean completion tokens an instance, over all instances or those in `rows`."""
        table = self.tokens[policy]
        return fmean(fmean(table[i]) for i in (range(len(table)) if rows is None else rows))

    def half(self, which: int) -> dict[Policy, list[float]]:
        """One accuracy an instance by policy, on the first (0) or second (1) halves only."""
        return {p: [fmean(row[which::2]) for row in rows] for p, rows in self.right.items()}


def shuffled(log: Log, arm: str, *, seeds: int) -> dict[str, list[list[RecordedSample]]]:
    """Each instance's draws of one arm: for every seed, two halves that share no sample."""
    return {
        instance: [half for seed in range(seeds) for half in halves(pool, seed=seed)]
        for instance, pool in log.pools(arm).items()
    }


def outcomes(log: Log, policies: Sequence[Policy], *, seeds: int) -> Outcomes:
    """Play every policy on every instance that has all arms, `seeds` times on each half of its samples."""
    arms = {policy.arm: shuffled(log, policy.arm, seeds=seeds) for policy in policies}
    instances = tuple(name for name in log.instances if all(name in draws for draws in arms.values()))
    judge = Judge(
        score=log.header.verifier, verified_by=log.header.verified_by, step=log.header.step_verifier
    )
    right, tokens = {}, {}
    for policy in policies:
        play = player(policy)
        rows = [
            [play(draws, judge, i) for i, draws in enumerate(arms[policy.arm][name])] for name in instances
        ]
        right[policy] = [[float(played.correct or False) for played in row] for row in rows]
        tokens[policy] = [[float(played.tokens) for played in row] for row in rows]
    return Outcomes(instances=instances, right=right, tokens=tokens)


def player(policy: Policy) -> Callable[[Draws, Judge, int], Played]:
    """The policy as a function of draws, judge and seed."""
    strategy: Strategy = strategies.load(policy.strategy, **policy.knobs)
    aggregate: Aggregator = aggregations.load(policy.aggregation)

    deal = StepDeck if policy.grain == "step" else Deck

    def play(draws: Draws, judge: Judge, seed: int) -> Played:
        return replay(draws, strategy, aggregate, limit=policy.limit, judge=judge, seed=seed, deal=deal)

    return play
