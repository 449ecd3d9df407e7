"""Probing of recorded instances: the difficulty estimated before the search, and the true one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from branchwise.agents.planning.difficulty import estimate, signals
from branchwise.agents.planning.difficulty_map import DifficultyMap, Signal
from branchwise.evals.log import Log
from branchwise.evals.outcomes import shuffled
from branchwise.evals.replay import Judge, probe
from branchwise.statistics.beta import Beta
from branchwise.store.records import Node, VerifiedBy

_SIGNALS: tuple[Signal, ...] = ("score", "agreement", "logprob")


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """The first samples of one draw of an instance, and the outcomes of the samples after them."""

    nodes: tuple[Node, ...]
    tokens: int
    right: int
    """Right ones among the samples of this draw that are no probes."""
    rest: int
    """How many those are."""


def probing(log: Log, arm: str, instances: Sequence[str], *, probes: int, seeds: int) -> list[list[Probe]]:
    """Probe each instance in each of its draws; the draws are those that policies are played on."""
    judge = Judge(score=log.header.verifier, verified_by=log.header.verified_by)
    draws = shuffled(log, arm, seeds=seeds)
    return [
        [
            Probe(
                nodes=probe(half, judge, probes),
                tokens=sum(sample.tokens for sample in half[:probes]),
                right=sum(bool(sample.correct) for sample in half[probes:]),
                rest=len(half) - probes,
            )
            for half in draws[name]
        ]
        for name in instances
    ]


def fit_maps(seen: Iterable[Sequence[Probe]]) -> list[DifficultyMap]:
    """Fit a difficulty map of every signal that can be read, the one with the smallest squared error first.

    Args:
        seen: The probes of labelled instances, all draws of an instance together.
    """
    instances = [list(draws) for draws in seen]
    fitted: list[tuple[float, DifficultyMap]] = []
    for signal in _SIGNALS:
        rows = [
            (value, probe.right, probe.rest)
            for draws in instances
            for probe in draws
            if probe.rest and (value := signals(probe.nodes).get(signal)) is not None
        ]
        # Draws of one instance are one piece of evidence, so a bin needs so many times more rows.
        found = DifficultyMap.fit(signal, rows, fewest=8 * max(1, len(instances[0]) if instances else 1))
        if found is not None:
            fitted.append((fmean((found.belief(v).mean - s / n) ** 2 for v, s, n in rows), found))
    return [found for _, found in sorted(fitted, key=lambda pair: pair[0])]


def fit_prior(seen: Iterable[Sequence[Probe]]) -> Beta:
    """The pass@1 of labelled instances, from the samples of one draw of each."""
    return Beta.fit(((draws[0].right, draws[0].rest) for draws in seen), most=100)


def estimated_pass_at_1(probe: Probe, maps: Sequence[DifficultyMap], prior: Beta) -> float | None:
    """The estimated pass@1 of a probed instance, or None where there is no basis."""
    sound = any(node.verified_by is VerifiedBy.PROGRAM for node in probe.nodes)
    found = estimate(probe.nodes, sound=sound, maps=maps, prior=prior)
    return None if found.basis == "none" else found.pass_at_1
