"""The simulator of trees gives back what it was fitted to, and says where it cannot be fitted."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from branchwise.evals.log import Header, Log, RecordedSample, Step
from branchwise.evals.policy import Policy
from branchwise.evals.simulator import validate
from branchwise.evals.step_simulator import step_simulator, tells_survival
from branchwise.store.records import VerifiedBy

SURVIVAL = (0.8, 0.5, 0.5)
HEADER = Header(
    task="t",
    model="m",
    source="s",
    licence="l",
    tokens="logged",
    verifier="right",
    verified_by=VerifiedBy.PROGRAM,
    step_verifier="alive",
)


def log(instances: int = 60, samples: int = 20) -> Log:
    """Three steps; each of three continuations of a beginning lives or dies for all samples that go there."""
    rng = random.Random(1)
    recorded = []
    for i in range(instances):
        lives: dict[tuple[int, ...], bool] = {(): True}
        for k in range(samples):
            path: tuple[int, ...] = ()
            steps = []
            for depth, rate in enumerate(SURVIVAL):
                before, path = path, (*path, rng.randrange(6))
                lives.setdefault(path, lives[before] and rng.random() < rate)
                score = float(lives[path])
                steps.append(Step(text=str(path[-1]), scores={"alive": score}, tokens=5 + depth))
            recorded.append(
                RecordedSample(
                    instance=str(i),
                    index=k,
                    correct=lives[path],
                    accepted=lives[path],
                    scores={"right": float(lives[path])},
                    tokens=18,
                    steps=tuple(steps),
                )
            )
    return Log(header=HEADER, samples=tuple(recorded))


def test_survival_repetition_and_lengths_are_those_of_the_log() -> None:
    found = step_simulator(log(), log().instances)
    assert [layer.survival.mean for layer in found.layers] == pytest.approx(SURVIVAL, abs=0.12)
    drawn = found.draw(200, 20, seed=0)
    right = sum(bool(s.correct) for s in drawn.samples) / len(drawn.samples)
    seen = sum(bool(s.correct) for s in log().samples) / len(log().samples)
    assert right == pytest.approx(seen, abs=0.05)
    assert {s.tokens for s in drawn.samples} == {18}
    first = Counter(s.steps[0].text for s in drawn.samples if s.instance == "simulated 0")
    assert 2 <= len(first) <= 12
    assert drawn.samples == found.draw(200, 20, seed=0).samples


def test_what_died_stays_dead() -> None:
    for sample in step_simulator(log(), log().instances).draw(50, 10, seed=3).samples:
        alive = [step.scores["alive"] for step in sample.steps]
        assert alive == sorted(alive, reverse=True)
        assert sample.correct is bool(alive[-1])


def test_tree_strategies_are_validated_on_held_back_instances() -> None:
    policies = [
        Policy(strategy="best_of_n", limit=4, knobs={"n": 4}),
        Policy(strategy="beam_search", limit=30, knobs={"n": 8, "expand": 2}),
        Policy(strategy="rebase", limit=30, knobs={"width": 8}),
    ]
    found = validate(log(), policies, fit=step_simulator)
    assert found.error < 0.2
    assert found.simulated[policies[2]] > found.simulated[policies[0]] - found.error


def test_a_verifier_of_shades_tells_no_survival() -> None:
    shaded = [replace(s, steps=(Step(text="a", scores={"alive": 0.3}),)) for s in log().samples]
    grey = Log(header=HEADER, samples=tuple(shaded))
    assert tells_survival(log(), "alive")
    assert not tells_survival(grey, "alive")
    with pytest.raises(ValueError, match="tells which steps survive"):
        step_simulator(grey, grey.instances)
