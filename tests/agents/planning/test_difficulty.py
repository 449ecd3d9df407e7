import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from branchwise.agents.planning.difficulty import NO_BASIS, estimate, signals
from branchwise.agents.planning.difficulty_map import DifficultyMap
from branchwise.statistics.beta import Beta
from branchwise.store.records import Node, VerifiedBy


def probe(ordinal: int, **fields: object) -> Node:
    return Node(id=f"0.{ordinal}", parent="0", depth=1, strategy="probe", complete=True, **fields)  # type: ignore[arg-type]


def verified(right: int, wrong: int) -> list[Node]:
    return [
        probe(i, accepted=i < right, verified_by=VerifiedBy.PROGRAM, answer=str(i))
        for i in range(right + wrong)
    ]


def test_nothing_known_is_no_basis() -> None:
    assert estimate([], sound=True) == NO_BASIS
    assert estimate([probe(0, answer="1"), probe(1, answer="2")], sound=False) == NO_BASIS


def test_verified_outcomes_give_the_posterior() -> None:
    found = estimate(verified(3, 1), sound=True)
    assert found.basis == "verified"
    assert found.pass_at_1 == pytest.approx(3.5 / 5)
    assert found.low == pytest.approx(Beta(3.5, 1.5).quantile(0.05), abs=1e-6)


def test_a_model_that_vouches_is_no_proof() -> None:
    opinions = [replace(node, verified_by=VerifiedBy.MODEL) for node in verified(4, 0)]
    assert estimate(opinions, sound=True).basis == "none"


def test_a_dead_branch_counts_as_a_failure() -> None:
    dead = [Node(id="0.9", parent="0", failed="cut off")]
    assert estimate(verified(1, 0) + dead, sound=True).pass_at_1 == pytest.approx(1.5 / 3)


def test_uncalibrated_agreement_promises_nothing_below() -> None:
    found = estimate([probe(i, answer="7") for i in range(4)], sound=False)
    assert found.basis == "agreement, uncalibrated"
    assert found.low == 0
    assert found.pass_at_1 == pytest.approx(0.9)


def test_the_first_map_that_can_be_read_answers() -> None:
    score = DifficultyMap(signal="score", edges=(0.5,), beliefs=(Beta(1, 9), Beta(9, 1)))
    agreement = DifficultyMap(signal="agreement", edges=(), beliefs=(Beta(2, 2),))
    judged = [probe(i, answer="7", score=0.8) for i in range(4)]
    assert estimate(judged, sound=False, maps=[score, agreement]).pass_at_1 == pytest.approx(0.9)
    blind = [replace(node, score=None) for node in judged]
    found = estimate(blind, sound=False, maps=[score, agreement])
    assert found.pass_at_1 == pytest.approx(0.5)
    assert found.basis == "agreement, calibrated"


def test_signals_are_read_as_documented() -> None:
    nodes = [
        probe(0, answer="a", score=0.5, logprob=-4.0, tokens=4),
        probe(1, answer="a", logprob=-2.0, tokens=2),
    ]
    assert signals(nodes) == {"score": 0.5, "agreement": 1.0, "logprob": -1.0}


@settings(deadline=None)
@given(st.integers(0, 12), st.integers(0, 12), st.randoms(use_true_random=False))
def test_order_changes_nothing_and_the_interval_holds_the_estimate(
    right: int, wrong: int, rng: random.Random
) -> None:
    nodes = verified(right, wrong)
    found = estimate(nodes, sound=True)
    rng.shuffle(nodes)
    assert estimate(nodes, sound=True) == found
    assert 0 <= found.low <= found.pass_at_1 <= found.high <= 1


@settings(deadline=None)
@given(st.integers(0, 10), st.integers(0, 10))
def test_one_more_success_never_lowers_the_estimate(right: int, wrong: int) -> None:
    assert estimate(verified(right + 1, wrong), sound=True).pass_at_1 >= (
        estimate(verified(right, wrong), sound=True).pass_at_1 if right + wrong else 0
    )


rows = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 8), st.just(8)), min_size=8, max_size=60)


@settings(deadline=None)
@given(rows)
def test_a_fitted_map_rises_with_its_signal(seen: list[tuple[float, int, int]]) -> None:
    fitted = DifficultyMap.fit("agreement", seen)
    assert fitted is not None
    edges = [-math.inf, *fitted.edges, math.inf]
    assert edges == sorted(edges)
    assert len(fitted.beliefs) == len(fitted.edges) + 1


def test_a_map_learns_a_real_difference() -> None:
    fitted = DifficultyMap.fit("score", [(0.1, 0, 8)] * 20 + [(0.9, 8, 8)] * 20)
    assert fitted is not None
    assert fitted.belief(0.1).mean < 0.1
    assert fitted.belief(0.9).mean > 0.9


def test_too_few_labels_are_no_basis() -> None:
    assert DifficultyMap.fit("score", [(0.5, 1, 2)] * 7) is None


def test_a_map_must_be_whole() -> None:
    with pytest.raises(ValueError, match="rising edges"):
        DifficultyMap(signal="score", edges=(0.5, 0.4), beliefs=(Beta(), Beta(), Beta()))
