"""The table of tree strategies on recorded steps, beside whole solutions at equal tokens."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from branchwise.evals.log import Log
from branchwise.evals.outcomes import Draws, player, shuffled
from branchwise.evals.policy import MOST, Policy, policies
from branchwise.evals.replay import Judge, Played
from branchwise.evals.report import Table
from branchwise.statistics.bootstrap import Interval, bootstrap, paired


def step_verifiers(log: Log) -> tuple[str, ...]:
    """The verifiers that scored the log's steps; the header's own first."""
    named = {name for sample in log.samples for step in sample.steps for name in step.scores}
    return tuple(sorted(named, key=lambda name: (name != log.header.step_verifier, name)))


def stepwise(log: Log, arm: str, *, seeds: int) -> Table:
    """Compare tree strategies with Best-of-N of as many tokens, the latter interpolated between sizes.

    Args:
        log: A log whose samples of `arm` are cut into steps.
        arm: Which arm.
        seeds: How often each half of an instance's samples is played.
    """
    draws = list(shuffled(log, arm, seeds=seeds).values())
    half = min(len(row[0]) for row in draws)
    plain = [_plain(log, arm, n, draws) for n in range(1, half + 1, 3)]
    judge = Judge(
        score=log.header.verifier, verified_by=log.header.verified_by, step=log.header.step_verifier
    )
    rows = []
    for policy in (p for p in policies(log, (MOST,), arms=(arm,)) if p.grain == "step"):
        played = [_play(policy, row, judge) for row in draws]
        right, tokens = _means(played)
        gain = paired(right, _at(plain, fmean(tokens)))
        accuracy, spent = bootstrap(right).percent(), f"{fmean(tokens):,.0f}"
        rows.append((policy.name, accuracy, spent, *_said(gain, played)))
    return Table(
        title=f"Tree strategies on recorded steps, judged by `{log.header.step_verifier}`",
        columns=("policy", "accuracy % [95%]", "tokens", "minus Best-of-N [95%]", "verdict", "dry draws"),
        rows=tuple(rows),
        note="Best-of-N of as many mean tokens draws whole solutions under the same final check. Tokens include "
        "judging each distinct state where a model judges. A dry draw asked for a continuation that was not recorded.",
    )


Means = tuple[list[float], list[float]]


def _said(gain: Interval, played: Sequence[Sequence[Played]]) -> tuple[str, str, str]:
    dry = fmean(one.dry / max(1, one.dry + one.samples) for row in played for one in row)
    return gain.percent(), gain.verdict, f"{dry:.1%}"


def _play(policy: Policy, row: Sequence[Draws], judge: Judge) -> list[Played]:
    play = player(policy)
    return [play(half, judge, i) for i, half in enumerate(row)]


def _means(played: Sequence[Sequence[Played]]) -> Means:
    right = [fmean(float(one.correct or False) for one in row) for row in played]
    return right, [fmean(float(one.tokens) for one in row) for row in played]


def _plain(log: Log, arm: str, n: int, draws: Sequence[Sequence[Draws]]) -> Means:
    judge = Judge(score=log.header.verifier, verified_by=log.header.verified_by)
    policy = Policy(arm=arm, strategy="best_of_n", limit=n, knobs={"n": n})
    return _means([_play(policy, row, judge) for row in draws])


def _at(plain: Sequence[Means], tokens: float) -> list[float]:
    """Best-of-N's accuracies interpolated at a mean token count, clamped at the ends."""
    costs = [fmean(cost) for _, cost in plain]
    above = next((i for i, cost in enumerate(costs) if cost >= tokens), len(plain) - 1)
    below = max(0, above - 1)
    if above == below or tokens >= costs[above]:
        return plain[above][0]
    share = (tokens - costs[below]) / (costs[above] - costs[below])
    return [(1 - share) * a + share * b for a, b in zip(plain[below][0], plain[above][0], strict=True)]
