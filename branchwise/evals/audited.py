"""The audited verifier on recorded samples: calibrated scores vote, and the search stops when the vote is decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from branchwise.agents.planning.audit import Audit, Labelled, audit
from branchwise.evals.log import Log, RecordedSample
from branchwise.evals.outcomes import player, shuffled
from branchwise.evals.planning import Scored, folds
from branchwise.evals.policy import Policy
from branchwise.evals.replay import Judge, Played

_CERTAINTIES = (0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_ACCEPT = 0.5
"""A sample counts as accepted from this calibrated P(correct) on, for completeness and soundness."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Audited:
    """The audited policy's results at each budget."""

    at: dict[int, Scored]
    """By most samples of the budget."""
    confidences: list[tuple[float, float]]
    """(stated P(correct), outcome) of single samples of left-out instances."""
    raw: list[tuple[float, float]]
    """The same with the verifier's own score as the statement."""
    audits: list[Audit]
    """One a fold, of its training instances."""


def audited(log: Log, arm: str, budgets: dict[int, float], *, seeds: int) -> Audited:
    """Audit on some instances, search with the calibrated verifier on the others.

    On the training instances of each fold the verifier is calibrated, and it is chosen whether raw or calibrated
    scores vote, with which stopping confidence and limit: what is most accurate there at mean tokens within the
    budget. The limit may be above the budget's own number of samples, for what easy instances save may be spent
    on others.

    Args:
        log: A log with a verifier that is not sound.
        arm: Which arm.
        budgets: Mean completion tokens by number of samples.
        seeds: How often each half of an instance's samples is played.
    """
    draws = list(shuffled(log, arm, seeds=seeds).values())
    most = max(budgets)
    result = Audited(
        at={n: Scored(right=[0.0] * len(draws), tokens=[0.0] * len(draws)) for n in budgets},
        confidences=[],
        raw=[],
        audits=[],
    )
    plays = [
        player(_policy(arm, limit, certainty))
        for limit in sorted({n for n in budgets if n > 1} | {most})
        for certainty in _CERTAINTIES
    ]
    raw = Judge(score=log.header.verifier, verified_by=log.header.verified_by)
    plain = [[_mean(play, one, raw) for one in draws] for play in plays]
    for train, test in folds(len(draws)):
        found, judge = _audit(log, [draws[i] for i in train])
        result.audits.append(found)
        _state(result, log, found, [draws[i] for i in test])
        known = [[rows[i] for i in train] for rows in plain]
        inner = _judges(log, draws, train)
        known += [[_mean(play, draws[i], inner[i]) for i in train] for play in plays]
        for n, budget in budgets.items():
            chosen = _choose(known, budget)
            play, shown = plays[chosen % len(plays)], raw if chosen < len(plays) else judge
            for i in test:
                played = [play(half, shown, d) for d, half in enumerate(draws[i])]
                result.at[n].right[i] = fmean(float(p.correct or False) for p in played)
                result.at[n].tokens[i] = fmean(p.tokens for p in played)
    return result


def _judges(
    log: Log, draws: Sequence[Sequence[Sequence[RecordedSample]]], train: Sequence[int]
) -> dict[int, Judge]:
    """For each training instance a judge calibrated on others, or calibrated votes would look too good."""
    judges: dict[int, Judge] = {}
    for within, out in folds(len(train), into=4, seed=1):
        _, judge = _audit(log, [draws[train[k]] for k in within])
        judges |= {train[k]: judge for k in out}
    return judges


def _policy(arm: str, limit: int, certainty: float) -> Policy:
    knobs = {"certainty": certainty, "n": limit}
    return Policy(
        arm=arm, strategy="adaptive_vote", limit=limit, aggregation="weighted_majority", knobs=knobs
    )


def _audit(log: Log, draws: Sequence[Sequence[Sequence[RecordedSample]]]) -> tuple[Audit, Judge]:
    """Audit twice: scores first, then acceptance by the calibrated score."""
    name = log.header.verifier
    assert name is not None
    # The two halves of seed 0 hold each sample once.
    samples = [sample for one in draws for half in one[:2] for sample in half if sample.correct is not None]
    scores = audit(
        Labelled(instance=s.instance, correct=bool(s.correct), accepted=False, score=s.scores.get(name))
        for s in samples
    )
    found = audit(
        Labelled(
            instance=s.instance,
            correct=bool(s.correct),
            accepted=_sure(scores, s.scores.get(name)) >= _ACCEPT,
            score=s.scores.get(name),
        )
        for s in samples
    )
    return found, Judge(score=name, verified_by=log.header.verified_by, calibrate=found.calibration)


def _sure(found: Audit, score: float | None) -> float:
    """P(correct) of a single sample; 0 if it is not known."""
    return 0.0 if score is None or found.calibration is None else found.calibration(score)


def _state(
    result: Audited, log: Log, found: Audit, draws: Sequence[Sequence[Sequence[RecordedSample]]]
) -> None:
    for sample in (s for one in draws for half in one[:2] for s in half):
        score = sample.scores.get(log.header.verifier or "")
        stated = None if found.calibration is None or score is None else found.calibration(score)
        if score is not None and stated is not None and sample.correct is not None:
            result.confidences.append((stated, float(sample.correct)))
            result.raw.append((score, float(sample.correct)))


def _mean(
    play: Callable[[Sequence[RecordedSample], Judge, int], Played],
    draws: Sequence[Sequence[RecordedSample]],
    judge: Judge,
) -> tuple[float, float]:
    played = [play(half, judge, i) for i, half in enumerate(draws)]
    return fmean(float(p.correct or False) for p in played), fmean(p.tokens for p in played)


def _choose(known: Sequence[Sequence[tuple[float, float]]], budget: float) -> int:
    """The variant of best training accuracy within the budget, else the cheapest."""
    totals = [(fmean(r for r, _ in rows), fmean(t for _, t in rows)) for rows in known]
    within = [i for i, (_, cost) in enumerate(totals) if cost <= budget]
    if not within:
        return min(range(len(totals)), key=lambda i: totals[i][1])
    return max(within, key=lambda i: (totals[i][0], -totals[i][1]))
