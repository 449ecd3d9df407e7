"""Calibration of the answers that runs give: what a live run would state of each, fitted on other instances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from branchwise.agents.planning.audit import Audit, Labelled, audit
from branchwise.evals.log import Log, RecordedSample
from branchwise.evals.outcomes import shuffled
from branchwise.evals.planning import folds
from branchwise.evals.replay import Judge, replay
from branchwise.evals.report import Table
from branchwise.graphs import aggregations, strategies
from branchwise.statistics.reliability import reliability

_RULES = ("best_of_n", "weighted_majority")


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """The answers chosen by one rule among so many samples."""

    rule: str
    samples: int
    answers: tuple[tuple[float | None, float, bool], ...]
    """Of each, on instances that nothing was fitted on: stated P(correct) or None, 1 or 0 for right or wrong, and
    whether the statement depends on the score."""

    @property
    def stated(self) -> list[tuple[float, float]]:
        """Those of which something was stated."""
        return [(stated, right) for stated, right, _ in self.answers if stated is not None]

    @property
    def error(self) -> float | None:
        """Expected calibration error; None if nothing was stated."""
        pairs = self.stated
        return reliability([s for s, _ in pairs], [r for _, r in pairs]).error if pairs else None

    @property
    def precision(self) -> tuple[float, float] | None:
        """Share of right answers among all, and among those whose statement is at least the mean statement.

        Only statements that depend on the score count: by others nobody can abstain. None without any.
        """
        pairs = [(stated, right) for stated, right, ranks in self.answers if stated is not None and ranks]
        if not pairs:
            return None
        middle = fmean(stated for stated, _ in pairs)
        upper = [right for stated, right in pairs if stated >= middle]
        return fmean(right for _, right in pairs), fmean(upper)


def given_answers(log: Log, arm: str, sizes: Sequence[int], *, seeds: int) -> list[Given]:
    """Choose answers on the instances of each fold, with an audit of the verifier that was fitted on the others.

    Args:
        log: A log with a verifier that is not sound.
        arm: Which arm.
        sizes: Numbers of samples that an answer is chosen from, at most half of a pool.
        seeds: How often each half of an instance's samples is played.
    """
    draws = list(shuffled(log, arm, seeds=seeds).values())
    seen: dict[tuple[str, int], list[tuple[float | None, float, bool]]] = {
        (rule, size): [] for rule in _RULES for size in sizes
    }
    judge = Judge(score=log.header.verifier, verified_by=log.header.verified_by)
    for train, test in folds(len(draws)):
        fitted = _audit(log, [draws[i] for i in train])
        for rule, size in seen:
            for i in test:
                seen[rule, size] += _given(fitted, judge, rule, size, draws[i])
    return [Given(rule=rule, samples=size, answers=tuple(answers)) for (rule, size), answers in seen.items()]


def _given(
    fitted: Audit, judge: Judge, rule: str, size: int, halves: Sequence[Sequence[RecordedSample]]
) -> Iterator[tuple[float | None, float, bool]]:
    draw, choose = strategies.load("best_of_n", n=size), aggregations.load(rule)
    for half in halves:
        played = replay(half, draw, choose, limit=size, judge=judge)
        stated = fitted.confidence(played.score, of=size, by=rule)
        yield stated, float(played.correct or False), fitted.ranks(size)


def _audit(log: Log, draws: Sequence[Sequence[Sequence[RecordedSample]]]) -> Audit:
    name = log.header.verifier or ""
    # The two halves of seed 0 hold each sample once.
    samples = (sample for one in draws for half in one[:2] for sample in half)
    return audit(
        Labelled(instance=s.instance, correct=bool(s.correct), accepted=s.accepted, score=s.scores.get(name))
        for s in samples
        if s.correct is not None
    )


def table_of(given: Sequence[Given]) -> Table:
    """The table of a report."""
    rows = []
    for one in given:
        found = one.precision
        right = f"{100 * fmean(right for _, right, _ in one.answers):.1f}"
        stated = f"{100 * fmean(s for s, _ in one.stated):.1f}" if one.stated else "nothing"
        shares = "cannot abstain" if found is None else f"{100 * found[0]:.1f} -> {100 * found[1]:.1f}"
        error = "-" if one.error is None else f"{one.error:.3f}"
        rows.append((one.rule, str(one.samples), right, stated, error, shares))
    return Table(
        title="Calibration of given answers",
        columns=(
            "chosen by",
            "samples",
            "right %",
            "stated %",
            "calibration error",
            "right % of all -> where at least the mean is stated",
        ),
        rows=tuple(rows),
        note="What a live run states of its answer, by an audit of other instances. Nothing is stated of answers that "
        "a vote chose: their score is not the best of many, which is what the audit was fitted on.",
    )
