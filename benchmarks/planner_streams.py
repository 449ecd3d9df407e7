"""Does learning from earlier runs pay? Streams of 200 problems, played on the outcomes of `planner_uniform`.

Run `python -m benchmarks.planner_streams --kept planner_uniform.jsonl`. A problem is an instance at one budget with one
seed; its outcome under every fixed strategy is known, so that a stream costs nothing. The selector chooses one strategy
for each problem, as the first trial of a run does, and is told whether it solved it. Regret is what the best single
strategy of the same half of a stream solves more, in points. Intervals are over the orders of one set of problems; of
other problems they say nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from statistics import fmean

from benchmarks.planner_uniform import BUDGETS, FIXED, read
from branchwise.agents.planning.planner import BY_STEPS
from branchwise.agents.planning.ucb import Arm, Record, ucb
from branchwise.statistics.bootstrap import bootstrap

LENGTH, ORDERS = 200, 20
PRIOR = {name: BY_STEPS[name] for name in FIXED}
"""The planner's prior where a program checks steps."""
Problem = tuple[str, Mapping[str, bool]]
"""A task, and whether each strategy solved the problem."""
Past = Mapping[str, Arm]
Chooser = Callable[[Past, Random], str]


def problems(path: Path) -> list[Problem]:
    """Every instance, budget and seed whose outcome is known for all fixed strategies."""
    found: dict[tuple[str, int, str, int], dict[str, bool]] = {}
    for (task, place, arm, instance, seed), right in read(path).items():
        if arm in FIXED:
            found.setdefault((task, place, instance, seed), {})[arm] = right
    return [(key[0], by) for key, by in found.items() if len(by) == len(FIXED)]


def by_prior(past: Past, rng: Random) -> str:
    """No learning."""
    return max(FIXED, key=lambda name: PRIOR[name])


def by_bound(past: Past, rng: Random) -> str:
    """The selector with `memory`: its bound counts the mean reward of earlier runs."""
    terms = ucb(FIXED, Record(past=past), PRIOR)
    return max(FIXED, key=lambda name: (terms[name].total, PRIOR[name]))


def by_posterior(past: Past, rng: Random) -> str:
    """Thompson sampling: a draw from each strategy's posterior, its prior counting as two runs."""

    def draw(name: str) -> float:
        arm = past.get(name, Arm())
        won = arm.reward + 2 * PRIOR[name]
        return rng.betavariate(max(0.01, won), max(0.01, arm.pulls + 2 - won))

    return max(FIXED, key=draw)


CHOOSERS: Mapping[str, Chooser] = {
    "the prior, nothing learnt": by_prior,
    "the selector's bound with memory": by_bound,
    "Thompson sampling": by_posterior,
}


def played(stream: Sequence[Problem], choose: Chooser, rng: Random) -> tuple[float, float]:
    """The regret of the first and of the second half, in points; each task is learnt by itself."""
    past: dict[str, dict[str, Arm]] = {}
    won: list[bool] = []
    for task, outcomes in stream:
        known = past.setdefault(task, {})
        name = choose(known, rng)
        arm = known.get(name, Arm())
        known[name] = Arm(pulls=arm.pulls + 1, reward=arm.reward + outcomes[name])
        won.append(outcomes[name])
    half = len(stream) // 2
    return tuple(  # type: ignore[return-value]
        100 * (max(fmean(o[name] for _, o in part) for name in FIXED) - fmean(got))
        for part, got in ((stream[:half], won[:half]), (stream[half:], won[half:]))
    )


def report(every: Sequence[Problem]) -> Iterator[str]:
    """The table as Markdown."""
    yield (
        "| stream | chosen by | regret, first half | second half | second - first [95 %] | "
        "solved more than by the prior [95 %] |"
    )
    yield "|---|---|---|---|---|---|"
    for name, pool in {**{t: [p for p in every if p[0] == t] for t in BUDGETS}, "mixed": list(every)}.items():
        length = min(LENGTH, len(pool))
        if length < 20:
            continue
        streams = [Random(f"{name}/{order}").sample(pool, length) for order in range(ORDERS)]
        plain = [sum(played(stream, by_prior, Random(0))) / 2 for stream in streams]
        for word, choose in CHOOSERS.items():
            pairs = [played(stream, choose, Random(f"{i}")) for i, stream in enumerate(streams)]
            change = bootstrap([second - first for first, second in pairs])
            gain = bootstrap([p - sum(pair) / 2 for p, pair in zip(plain, pairs, strict=True)])
            first, second = (fmean(pair[i] for pair in pairs) for i in (0, 1))
            shown = f"{change.mean:+.1f} [{change.low:.1f}, {change.high:.1f}]"
            more = f"{gain.mean:+.1f} [{gain.low:.1f}, {gain.high:.1f}]"
            yield f"| {name}, {length} problems | {word} | {first:.1f} | {second:.1f} | {shown} | {more} |"


def main() -> None:
    """Play the streams and print the table."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--kept", type=Path, default=Path("planner_uniform.jsonl"))
    print("\n".join(report(problems(ask.parse_args().kept))))


if __name__ == "__main__":
    main()
