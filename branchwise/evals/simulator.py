"""A simulator fitted to a log, with its validation error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log, sqrt
from random import Random
from statistics import correlation, fmean
from typing import Protocol

from branchwise.evals.log import Log, RecordedSample
from branchwise.evals.outcomes import outcomes
from branchwise.evals.policy import Policy
from branchwise.statistics.beta import Beta

_EDGE = 0.01
"""Scores are kept this far from 0 and 1, where their logit is infinite."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """The distribution of right, or of wrong, samples."""

    score: float
    """Mean logit of the score."""
    by_instance: float
    """Standard deviation of the logit between instances; drawn apart for right and wrong samples, so that on some
    instances the verifier prefers wrong ones."""
    by_answer: float
    """Standard deviation of the logit between answers of one instance."""
    noise: float
    """Standard deviation among samples of one answer."""
    fresh: float
    """Concentration of the Chinese restaurant process over answers; the larger, the more distinct answers."""
    tokens: tuple[int, ...]
    """Lengths as they were seen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Simulator:
    """A source of logs like the one it was fitted to."""

    rates: Beta
    """pass@1 over instances."""
    kinds: Mapping[bool, Kind]
    shared: float
    """Correlation over instances of the right and the wrong samples' mean logits."""
    like: Log
    """The header and arm that its logs carry."""

    def draw(self, instances: int, samples: int, *, seed: int) -> Log:
        """Simulate a log."""
        rng = Random(seed)  # noqa: S311 - a simulation, not a secret
        made = (s for i in range(instances) for s in self._instance(f"simulated {i}", samples, rng))
        return Log(header=replace(self.like.header, source="simulated", features={}), samples=tuple(made))

    def _instance(self, name: str, samples: int, rng: Random) -> Iterable[RecordedSample]:
        rate = rng.betavariate(self.rates.a, self.rates.b)
        shift = rng.gauss(0, 1)
        other = self.shared * shift + sqrt(1 - self.shared**2) * rng.gauss(0, 1)
        means = {
            right: self.kinds[right].score + self.kinds[right].by_instance * z
            for right, z in ((True, shift), (False, other))
        }
        tables: dict[bool, list[tuple[str, float]]] = {True: [], False: []}
        for index in range(samples):
            right = rng.random() < rate
            kind, seated = self.kinds[right], tables[right]
            if rng.random() * (kind.fresh + len(seated)) < kind.fresh:
                centre = means[right] + rng.gauss(0, kind.by_answer)
                seated.append((f"{right} {len(seated)}", centre))
            else:
                seated.append(rng.choice(seated))
            answer, centre = seated[-1]
            score = 1 / (1 + exp(-(centre + rng.gauss(0, kind.noise))))
            yield RecordedSample(
                instance=name,
                index=index,
                arm=self.like.arms[0],
                correct=right,
                answer=answer,
                scores={self.like.header.verifier or "score": score},
                tokens=rng.choice(kind.tokens),
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Validation:
    """The error of simulated accuracies on held-out instances."""

    error: float
    """Root mean squared difference over policies."""
    simulated: Mapping[Policy, float]
    held_back: Mapping[Policy, float]

    def better(self, ours: Policy, theirs: Policy) -> Policy | None:
        """The better of two policies, or None where their gap is within the error: no ranking then."""
        gap = self.simulated[ours] - self.simulated[theirs]
        if abs(gap) <= self.error:
            return None
        return ours if gap > 0 else theirs


def simulator(log_: Log, instances: Sequence[str]) -> Simulator:
    """Fit a simulator to some instances of a log of one arm with a verifier's scores.

    Raises:
        ValueError: There are no right or no wrong samples among them.
    """
    chosen = set(instances)
    samples = [s for s in log_.samples if s.instance in chosen and s.after is None]
    name = log_.header.verifier or "score"
    pools: dict[str, list[RecordedSample]] = {}
    for sample in samples:
        pools.setdefault(sample.instance, []).append(sample)
    kinds = {}
    for right in (True, False):
        members = [s for s in samples if bool(s.correct) is right]
        if not members:
            raise ValueError("A simulator needs right and wrong samples to fit to.")
        kinds[right] = _kind(members, name)
    counts = ((sum(bool(s.correct) for s in pool), len(pool)) for pool in pools.values())
    like = Log(header=log_.header, samples=tuple(samples[:1]))
    return Simulator(rates=Beta.fit(counts, most=100), kinds=kinds, shared=_shared(samples, name), like=like)


class Source(Protocol):
    """Something that draws logs."""

    def draw(self, instances: int, samples: int, *, seed: int) -> Log:
        """Simulate a log."""
        ...


def validate(
    log_: Log,
    policies: Sequence[Policy],
    *,
    seeds: int = 2,
    seed: int = 0,
    fit: Callable[[Log, Sequence[str]], Source] = simulator,
) -> Validation:
    """Fit on one half of the instances, simulate as many, and compare with the held-out half."""
    names = list(log_.instances)
    Random(seed).shuffle(names)  # noqa: S311 - a shuffle, not a secret
    middle = len(names) // 2
    held = set(names[middle:])
    size = min(Counter(s.instance for s in log_.samples).values())
    # Ten times the instances, so that the error is the simulator's and not its sampling noise.
    made = fit(log_, names[:middle]).draw(10 * len(held), size, seed=seed)
    real = Log(header=log_.header, samples=tuple(s for s in log_.samples if s.instance in held))
    simulated, seen = (_accuracies(one, policies, n) for one, n in ((made, 1), (real, seeds)))
    error = sqrt(fmean((simulated[p] - seen[p]) ** 2 for p in policies))
    return Validation(error=error, simulated=simulated, held_back=seen)


def _accuracies(log_: Log, policies: Sequence[Policy], seeds: int) -> dict[Policy, float]:
    found = outcomes(log_, policies, seeds=seeds)
    return {policy: fmean(found.accuracy(policy)) for policy in policies}


def _kind(members: Sequence[RecordedSample], name: str) -> Kind:
    groups: dict[str, dict[str | None, list[RecordedSample]]] = {}
    for sample in members:
        groups.setdefault(sample.instance, {}).setdefault(sample.answer, []).append(sample)
    between = []
    within = []
    centres = []
    for answers in groups.values():
        scored = [[_logit(s.scores[name]) for s in same if name in s.scores] for same in answers.values()]
        means = [fmean(values) for values in scored if values]
        centres += [fmean(means)] if means else []
        between += [mean - fmean(means) for mean in means] if len(means) > 1 else []
        within += [value - fmean(values) for values in scored if len(values) > 1 for value in values]
    sizes = [(sum(map(len, answers.values())), len(answers)) for answers in groups.values()]
    return Kind(
        score=fmean(centres) if centres else 0.0,
        by_instance=_sd([centre - fmean(centres) for centre in centres]),
        by_answer=_sd(between),
        noise=_sd(within),
        fresh=concentration(sizes),
        tokens=tuple(s.tokens for s in members),
    )


def _shared(samples: Sequence[RecordedSample], name: str) -> float:
    """Correlate mean logits over the instances that have right and wrong samples; 0 where fewer than three do."""
    seen: dict[str, dict[bool, list[float]]] = {}
    for sample in samples:
        if name in sample.scores:
            by = seen.setdefault(sample.instance, {True: [], False: []})
            by[bool(sample.correct)].append(_logit(sample.scores[name]))
    pairs = [(fmean(by[True]), fmean(by[False])) for by in seen.values() if by[True] and by[False]]
    if len(pairs) < 3 or any(len({pair[k] for pair in pairs}) == 1 for k in (0, 1)):
        return 0.0
    return correlation([a for a, _ in pairs], [b for _, b in pairs])


def concentration(sizes: Sequence[tuple[int, int]]) -> float:
    """The concentration of a Chinese restaurant process that expects as many kinds as were seen, by bisection.

    Args:
        sizes: Members and distinct kinds of each group.
    """
    distinct = sum(kinds for _, kinds in sizes)
    low, high = 1e-3, 1e4
    while high / low > 1.001:
        middle = sqrt(low * high)
        expected = sum(middle / (middle + j) for count, _ in sizes for j in range(count))
        low, high = (middle, high) if expected < distinct else (low, middle)
    return low


def _logit(score: float) -> float:
    inside = min(max(score, _EDGE), 1 - _EDGE)
    return log(inside / (1 - inside))


def _sd(residuals: Sequence[float]) -> float:
    return sqrt(fmean(r * r for r in residuals)) if residuals else 0.0
