"""Policies: ways to spend samples on an instance, and those that a log can replay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from branchwise.agents.planning.policy_table import Knobs
from branchwise.evals.log import Log
from branchwise.graphs import strategies
from branchwise.store.records import Grain, VerifiedBy

FEWEST, MOST = 4, 16
"""Between these N a tree of recorded steps neither starves nor runs dry."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """A strategy with its knobs, on one arm of a log."""

    strategy: str
    limit: int
    """Most samples."""
    aggregation: str = "best_of_n"
    arm: str = ""
    knobs: Knobs = field(default_factory=dict, hash=False)

    @property
    def family(self) -> str:
        """The name without the numbers: what a table compares at equal tokens."""
        name = self.strategy.rpartition(":")[2]
        return f"{self.arm}: {name}" if self.arm else name

    @property
    def name(self) -> str:
        """The name for a table row."""
        knobs = [f"{key}={value}" for key, value in self.knobs.items() if key != "n" or self.grain == "step"]
        shown = knobs if self.grain == "step" else [f"N={self.limit}", *knobs]
        return f"{self.family} ({', '.join(shown)})"

    @property
    def grain(self) -> Grain:
        """What one sample adds."""
        return strategies.info(self.strategy).grain


def policies(log: Log, limits: Sequence[int], *, arms: Sequence[str] = ()) -> tuple[Policy, ...]:
    """Every policy that the log can replay, with at most the samples in `limits`.

    A policy that grows solutions step by step stands beside those of as many whole solutions.

    Args:
        log: The recorded samples.
        limits: Numbers of samples, rising, at most half of the smallest pool.
        arms: Arms to draw from; all where empty.
    """
    return tuple(
        policy
        for arm in arms or log.arms
        for policy in (*_of_arm(log, arm, limits), *_stepwise(log, arm, limits))
    )


def _of_arm(log: Log, arm: str, limits: Sequence[int]) -> Iterator[Policy]:
    names = [name for name in strategies.names() if _applies(name, log)]
    for limit in limits:
        for name in names if limit > 1 else ["best_of_n"]:
            for knobs in _knobs(name, log, limit):
                yield Policy(
                    arm=arm,
                    strategy=name,
                    limit=limit,
                    aggregation=strategies.info(name).aggregation,
                    knobs={"n": limit, **knobs},
                )


def _stepwise(log: Log, arm: str, limits: Sequence[int]) -> Iterator[Policy]:
    longest = max((len(sample.steps) for sample in log.samples if sample.arm == arm), default=0)
    if log.header.step_verifier is None or not longest:
        return
    for n in (n for n in limits if FEWEST <= n <= MOST):
        for name in strategies.names():
            sized = strategies.info(name).sized
            if sized is not None:
                yield Policy(arm=arm, strategy=name, limit=n * longest, knobs=sized(n))


def _applies(name: str, log: Log) -> bool:
    """Whether the log holds what the strategy and its aggregation read, and the strategy can act on it."""
    about = strategies.info(name)
    sound = log.header.verified_by is VerifiedBy.PROGRAM
    has = {
        "scores": log.header.verifier is not None,
        "log-probabilities": any(sample.logprob is not None for sample in log.samples),
    }
    if about.grain != "solution" or not all(has.get(need, False) for need in about.needs):
        return False
    # Under a sound check the accepted solution is the answer: votes decide nothing.
    votes = about.aggregation != "best_of_n"
    return not votes or (not sound and any(sample.answer is not None for sample in log.samples))


def _knobs(name: str, log: Log, limit: int) -> Iterator[Knobs]:
    """The values of the knobs that matter; one plain setting where none does."""
    stops_by = strategies.info(name).stops_by
    if stops_by is None:
        yield {}
    elif limit > 2:
        knob, values = stops_by
        for value in values[-1:] if log.header.verified_by is VerifiedBy.PROGRAM else values:
            yield {knob: value}
