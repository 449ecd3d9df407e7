"""A simulator of trees: survival, repetition and length of steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from branchwise.evals.log import Log, RecordedSample, Step
from branchwise.evals.simulator import concentration
from branchwise.statistics.beta import Beta


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """The distribution of steps at one depth."""

    survival: Beta
    """Over instances: the chance that a step of a solution that can still succeed leaves it so."""
    fresh: float
    """Concentration of the Chinese restaurant process over the steps that follow one beginning."""
    steps: dict[bool, tuple[Step, ...]]
    """Steps as they were seen, by survival; a simulated one has the lengths and scores of one of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepSimulator:
    """A source of logs of samples that are cut into steps."""

    layers: tuple[Layer, ...]
    like: Log
    """The header and arm that its logs carry."""

    def draw(self, instances: int, samples: int, *, seed: int) -> Log:
        """Simulate a log."""
        rng = Random(seed)  # noqa: S311 - a simulation, not a secret
        made = (s for i in range(instances) for s in self._instance(f"simulated {i}", samples, rng))
        return Log(header=replace(self.like.header, source="simulated", features={}), samples=tuple(made))

    def _instance(self, name: str, samples: int, rng: Random) -> Iterator[RecordedSample]:
        ease = rng.random()  # one for all depths: an instance that is easy at first is taken to stay so
        rates = [layer.survival.quantile(ease) for layer in self.layers]
        root = _State(alive=True)
        for index in range(samples):
            at, path = root, []
            for layer, rate in zip(self.layers, rates, strict=True):
                at = at.next(layer, rate, rng)
                path.append(at.step)
            yield RecordedSample(
                instance=name,
                index=index,
                arm=self.like.arms[0],
                correct=at.alive,
                accepted=at.alive,
                answer=path[-1].text,
                scores={self.like.header.verifier: float(at.alive)} if self.like.header.verifier else {},
                tokens=sum(step.tokens for step in path),
                steps=tuple(path),
            )


@dataclass(slots=True)
class _State:
    """A prefix of solutions and the steps drawn after it (a Chinese restaurant process)."""

    alive: bool
    step: Step = field(default_factory=lambda: Step(text=""))
    seats: list[_State] = field(default_factory=list)

    def next(self, layer: Layer, rate: float, rng: Random) -> _State:
        if rng.random() * (layer.fresh + len(self.seats)) < layer.fresh:
            alive = self.alive and bool(layer.steps[True]) and rng.random() < rate
            seen = layer.steps[alive] or layer.steps[not alive]
            text = f"{self.step.text}/{len({id(seat) for seat in self.seats})}"
            made = _State(alive=alive, step=replace(rng.choice(seen), text=text))
        else:
            made = rng.choice(self.seats)
        self.seats.append(made)
        return made


def step_simulator(log: Log, instances: Sequence[str]) -> StepSimulator:
    """Fit to some instances of a log of one arm whose samples are cut into steps.

    A step survives where the header's step verifier gives it a reward of 1, which it gives to every step from which
    there is a way (`tells_survival`); the last one where its sample is right. Simulated samples have as many steps as
    most right ones; what a recorded one has beyond is left out, and where it ends earlier it dies.

    Raises:
        ValueError: No sample with steps is right, or the verifier does not tell survival.
    """
    chosen, verifier = set(instances), log.header.step_verifier
    samples = [s for s in log.samples if s.instance in chosen and s.steps]
    lengths = Counter(len(sample.steps) for sample in samples if sample.correct)
    if verifier is None or not tells_survival(log, verifier) or not lengths:
        raise ValueError(
            "A simulator of trees needs right samples and a verifier that tells which steps survive."
        )
    depth = lengths.most_common(1)[0][0]
    layers = tuple(
        _layer([s for s in samples if len(s.steps) > d], d, verifier, last=d == depth - 1)
        for d in range(depth)
    )
    return StepSimulator(layers=layers, like=Log(header=log.header, samples=tuple(samples[:1])))


def tells_survival(log: Log, verifier: str | None) -> bool:
    """Whether the verifier gave nothing but rewards of 0 and 1 to steps."""
    given = {step.scores.get(verifier or "") for sample in log.samples for step in sample.steps}
    return bool(given) and given <= {0.0, 1.0}


def _layer(samples: Sequence[RecordedSample], depth: int, verifier: str, *, last: bool) -> Layer:
    counts: dict[str, tuple[int, int]] = {}
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    seen: dict[bool, list[Step]] = {True: [], False: []}
    for sample in samples:
        alive = _alive(sample, depth, verifier, last=last)
        beginning = tuple(step.text for step in sample.steps[:depth])
        groups.setdefault((sample.instance, beginning), []).append(sample.steps[depth].text)
        seen[alive].append(sample.steps[depth])
        if depth == 0 or _alive(sample, depth - 1, verifier, last=False):
            right, of = counts.get(sample.instance, (0, 0))
            counts[sample.instance] = (right + alive, of + 1)
    return Layer(
        survival=Beta.fit(counts.values(), most=100),
        fresh=concentration([(len(texts), len(set(texts))) for texts in groups.values()]),
        steps={alive: tuple(steps) for alive, steps in seen.items()},
    )


def _alive(sample: RecordedSample, depth: int, verifier: str, *, last: bool) -> bool:
    ends = depth == len(sample.steps) - 1
    if last:
        return ends and bool(sample.correct)
    return not ends and sample.steps[depth].scores[verifier] == 1
