from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.evals.log import RecordedSample
from branchwise.evals.replay import Judge, Played, halves, probe, replay
from branchwise.graphs import aggregations, strategies
from branchwise.graphs.strategies.adaptive_vote import adaptive_vote
from branchwise.graphs.strategies.protocol import Allocation
from branchwise.store.errors import BadInput
from branchwise.store.records import VerifiedBy
from branchwise.store.tree import Tree

JUDGE = Judge(score="v", verified_by=VerifiedBy.MODEL)


def pool(labels: Sequence[bool], scores: Sequence[float | None] | None = None) -> list[RecordedSample]:
    shown = scores or [None] * len(labels)
    return [
        RecordedSample(
            instance="i",
            index=i,
            correct=label,
            text=f"text {i}",
            answer=str(i % 3),
            scores={} if score is None else {"v": score},
            tokens=10 + i,
        )
        for i, (label, score) in enumerate(zip(labels, shown, strict=True))
    ]


def best_of(draws: Sequence[RecordedSample], n: int, judge: Judge = JUDGE) -> Played:
    return replay(
        draws, strategies.load("best_of_n", n=n), aggregations.load("best_of_n"), limit=n, judge=judge
    )


labelled = st.lists(st.tuples(st.booleans(), st.one_of(st.none(), st.floats(0, 1))), min_size=1, max_size=20)


@given(labelled, st.data())
def test_labels_are_never_seen(seen: list[tuple[bool, float | None]], data: st.DataObject) -> None:
    draws = pool([label for label, _ in seen], [score for _, score in seen])
    flipped = [replace(sample, correct=not sample.correct) for sample in draws]
    n = data.draw(st.integers(1, len(draws)))
    here, there = best_of(draws, n), best_of(flipped, n)
    assert here.correct is not there.correct
    assert replace(here, correct=None) == replace(there, correct=None)


@given(labelled, st.data())
def test_the_limit_and_the_bill_are_kept(seen: list[tuple[bool, float | None]], data: st.DataObject) -> None:
    draws = pool([label for label, _ in seen], [score for _, score in seen])
    n = data.draw(st.integers(1, len(draws)))
    played = replay(draws, adaptive_vote, aggregations.load("weighted_majority"), limit=n, judge=JUDGE)
    assert 1 <= played.samples <= n
    assert played.tokens == sum(sample.tokens for sample in draws[: played.samples])


@given(st.lists(st.booleans(), min_size=2, max_size=20))
def test_a_perfect_verifier_never_loses_by_more_samples(labels: list[bool]) -> None:
    draws = pool(labels, [float(label) for label in labels])
    right = [bool(best_of(draws, n).correct) for n in range(1, len(draws) + 1)]
    assert right == sorted(right)
    assert right[-1] == any(labels)


def test_a_useless_verifier_is_worth_one_sample() -> None:
    draws = pool([i % 3 == 0 for i in range(60)], [0.5] * 60)
    draws = [replace(sample, answer=None) for sample in draws]
    right = [
        float(best_of(half, 8).correct or False) for seed in range(400) for half in halves(draws, seed=seed)
    ]
    assert fmean(right) == pytest.approx(1 / 3, abs=0.06)


@given(st.integers(2, 30), st.integers(0, 99))
def test_halves_share_nothing(count: int, seed: int) -> None:
    first, second = halves(pool([True] * count), seed=seed)
    assert len(first) == len(second) == count // 2
    assert not {s.index for s in first} & {s.index for s in second}
    assert halves(pool([True] * count), seed=seed) == (first, second)


def test_more_than_was_recorded_cannot_be_drawn() -> None:
    with pytest.raises(BadInput, match="cannot be replayed on 3"):
        best_of(pool([True] * 3), 4)


def test_acceptance_ends_the_search() -> None:
    draws = pool([False, False, True, True], [0.1, 0.2, 0.9, 0.9])
    judge = replace(JUDGE, accept=0.8)
    one_by_one = replay(
        draws,
        strategies.load("adaptive_vote", batch=1, certainty=1.0),
        aggregations.load("best_of_n"),
        limit=4,
        judge=judge,
    )
    assert (one_by_one.samples, one_by_one.accepted, one_by_one.correct) == (3, True, True)


def test_calibration_changes_what_is_shown_and_not_what_is_true() -> None:
    upside_down = replace(JUDGE, calibrate=lambda score: 1 - score)
    draws = pool([True, False], [0.9, 0.1])
    assert best_of(draws, 2).correct is True
    assert best_of(draws, 2, upside_down).correct is False


def test_a_revision_is_drawn_under_the_solution_it_revises() -> None:
    chain = [
        RecordedSample(instance="i", index=0, correct=False, text="a", tokens=5),
        RecordedSample(instance="i", index=1, correct=True, text="b", tokens=7, after=0, accepted=True),
    ]

    def revise(tree: Tree, budget: int, *, seed: int = 0) -> Allocation:
        last = tree.complete[-1].id if tree.complete else tree.root.id
        return {last: 1}

    sound = Judge(verified_by=VerifiedBy.PROGRAM)
    played = replay(chain[:1] + chain[1:], revise, aggregations.load("best_of_n"), limit=1, judge=sound)
    assert (played.correct, played.tokens) == (False, 5)
    pair = [*chain, RecordedSample(instance="i", index=2, correct=False, text="c", tokens=3)]
    played = replay(pair, revise, aggregations.load("best_of_n"), limit=2, judge=sound)
    assert (played.correct, played.tokens, played.rounds) == (True, 12, 2)


def test_steps_cannot_be_replayed_on_whole_solutions() -> None:
    def step(tree: Tree, budget: int, *, seed: int = 0) -> Allocation:
        return {"0.7": 1}

    with pytest.raises(BadInput, match="asks for steps"):
        replay(pool([True]), step, aggregations.load("best_of_n"), limit=1, judge=JUDGE)


def test_probes_look_like_probes() -> None:
    nodes = probe(pool([True, False, True], [0.5, None, 1.0]), JUDGE, 2)
    assert [(n.complete, n.score, n.answer, n.verified_by) for n in nodes] == [
        (True, 0.5, "0", VerifiedBy.MODEL),
        (True, None, "1", VerifiedBy.MODEL),
    ]


def test_equal_texts_are_twins() -> None:
    draws = [replace(sample, text="same") for sample in pool([True, True])]
    assert [node.duplicate_of for node in probe(draws, JUDGE, 2)] == [None, "0.0"]
