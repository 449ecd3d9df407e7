"""Difficulty estimation: pass@1 of an instance from a few probe samples."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from branchwise.agents.planning.difficulty_map import DifficultyMap, Signal
from branchwise.statistics.beta import Beta
from branchwise.store.records import Node, VerifiedBy

_TAIL = 0.05
"""Tail probability outside the interval on either side."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difficulty:
    """Belief about pass@1: the probability that one more sample of this instance is right."""

    pass_at_1: float
    """In [0, 1]; 0.5 without a basis."""
    low: float
    high: float
    """A 90% credible interval, which may contain 0 and 1; [0, 1] without a basis."""
    basis: str
    """Basis of the estimate: "verified", a calibrated or uncalibrated signal ("agreement, uncalibrated"), or
    "none"."""


NO_BASIS = Difficulty(pass_at_1=0.5, low=0.0, high=1.0, basis="none")
"""No information: no probes, or unjudged probes without a repeated answer."""


def estimate(
    probes: Sequence[Node], *, sound: bool, maps: Iterable[DifficultyMap] = (), prior: Beta | None = None
) -> Difficulty:
    """Estimate pass@1 from independent samples of one instance.

    Where a sound checker judged, the estimate is the Beta posterior of its outcomes. Otherwise the first of
    `maps` whose signal is available turns that signal into a Beta. With no map, the share of the commonest
    answer stands in: it bounds pass@1 if that answer is right and is hardly informative if it is wrong, so
    its interval starts at 0.

    Args:
        probes: Samples of whole solutions; duplicates count, for they are draws like any other. Nodes that
            are neither complete nor failed are left out.
        sound: Whether acceptance by the verifier is proof.
        maps: Calibrations fitted on labelled runs, best first.
        prior: The prior from labelled runs on such instances (`Beta.fit`); Jeffreys' prior if None. Only
            verified outcomes update it.
    """
    drawn = [node for node in probes if node.complete or node.failed is not None]
    mapped = _mapped(signals(drawn), maps)
    judged = (
        [node for node in drawn if node.verified_by is VerifiedBy.PROGRAM or node.failed is not None]
        if sound
        else []
    )
    if any(node.verified_by is VerifiedBy.PROGRAM for node in judged):
        right = sum(node.accepted and node.failed is None for node in judged)
        return _believe((prior or Beta()).after(right, len(judged) - right), "verified")
    if mapped is not None:
        return _believe(mapped[1], f"{mapped[0]}, calibrated")
    return _by_agreement(drawn)


def signals(probes: Sequence[Node]) -> Mapping[Signal, float]:
    """Label-free signals of the probes.

    Returns:
        The available ones of: "score", the mean unit reward; "agreement", the share of the commonest
        answer (two probes at least); "logprob", the mean log-probability of a token (at most 0).
    """
    found: dict[Signal, float] = {}
    whole = [node for node in probes if node.complete and node.failed is None]
    scores = [node.score for node in whole if node.score is not None and math.isfinite(node.score)]
    if scores:
        found["score"] = sum(scores) / len(scores)
    common = _commonest(whole)
    if common and len(probes) > 1:
        found["agreement"] = common / len(probes)
    logprobs = [(n.logprob, n.tokens) for n in whole if n.logprob is not None and math.isfinite(n.logprob)]
    if tokens := sum(count for _, count in logprobs):
        found["logprob"] = sum(value for value, _ in logprobs) / tokens
    return found


def _mapped(found: Mapping[Signal, float], maps: Iterable[DifficultyMap]) -> tuple[Signal, Beta] | None:
    return next(((m.signal, m.belief(found[m.signal])) for m in maps if m.signal in found), None)


def _commonest(whole: Sequence[Node]) -> int:
    counts = Counter(node.answer for node in whole if node.answer is not None)
    return max(counts.values(), default=0)


def _by_agreement(drawn: Sequence[Node]) -> Difficulty:
    common = _commonest([node for node in drawn if node.failed is None])
    if common < 2:
        return NO_BASIS
    share = Beta().after(common, len(drawn) - common)
    # If the commonest answer is wrong, pass@1 is at most the share of the others.
    high = max(share.quantile(1 - _TAIL), 1 - share.quantile(_TAIL))
    return Difficulty(pass_at_1=share.mean, low=0.0, high=high, basis="agreement, uncalibrated")


def _believe(belief: Beta, basis: str) -> Difficulty:
    low, high = belief.interval(1 - 2 * _TAIL)
    return Difficulty(pass_at_1=belief.mean, low=low, high=high, basis=basis)
