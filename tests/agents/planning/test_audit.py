import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from branchwise.agents.planning.audit import Labelled, audit, optimal_samples, resampling_value
from branchwise.store.records import VerifiedBy

PAPER = ((0.58, 0.87), (0.42, 0.13))
"""The two kinds of instances of arXiv 2411.17501."""

rates = st.floats(0, 1)


@pytest.mark.parametrize(("wrong", "best"), [(-0.5, None), (-0.7, 3), (-1.0, 2), (-2.0, 1), (-4.0, 1)])
def test_the_best_number_of_samples_of_the_paper(wrong: float, best: int | None) -> None:
    assert optimal_samples(PAPER, 1.0, 0.75, wrong=wrong) == best


def test_the_value_without_an_optimum_grows_to_its_limit() -> None:
    assert resampling_value(PAPER, 1.0, 0.75, wrong=-0.5, k=500) == pytest.approx(0.574, abs=5e-4)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 1), rates), min_size=1, max_size=5), rates, rates, st.floats(-5, 0))
def test_the_best_number_is_the_best(
    classes: list[tuple[float, float]], completeness: float, soundness: float, wrong: float
) -> None:
    best = optimal_samples(classes, completeness, soundness, wrong=wrong, most=40)
    values = [resampling_value(classes, completeness, soundness, wrong=wrong, k=k) for k in range(1, 41)]
    reached = values[-1] if best is None else values[best - 1]
    assert reached >= max(values) - 1e-9


def judged(accepted: int, of: int, *, correct: bool, score: float = 0.5) -> list[Labelled]:
    return [
        Labelled(instance=str(i % 5), correct=correct, accepted=i < accepted, score=score) for i in range(of)
    ]


def test_measures_what_was_labelled() -> None:
    found = audit(judged(90, 100, correct=True) + judged(30, 100, correct=False))
    assert found.basis == "labelled"
    assert found.completeness == pytest.approx(0.9, abs=0.01)
    assert found.soundness == pytest.approx(0.7, abs=0.01)
    assert [(round(share, 9), rate) for share, rate in found.classes] == [(1.0, 0.5)]


def test_without_labels_it_says_so() -> None:
    found = audit([])
    assert (found.basis, found.confidence(0.9), found.samples()) == ("uncalibrated", None, None)


def test_a_sound_checker_needs_no_limit() -> None:
    assert audit([], verified_by=VerifiedBy.PROGRAM).samples() is None


def test_confidence_is_the_share_that_was_right() -> None:
    found = audit(
        judged(5, 10, correct=True, score=0.9)
        + judged(5, 10, correct=False, score=0.9)
        + judged(5, 10, correct=False, score=0.1)
    )
    assert found.calibration is not None
    assert (found.calibration(0.9), found.calibration(0.1)) == (0.5, 0.0)
    assert found.confidence(0.9) is None, "five instances are too few to check a map on left-out ones"
    assert found.confidence(None) is None
    assert found.confidence(float("nan")) is None


def test_a_leaky_verifier_limits_the_samples() -> None:
    leaky = judged(5, 5, correct=True) + [
        Labelled(instance=f"hard{i}", correct=False, accepted=i % 2 == 0) for i in range(20)
    ]
    assert audit(leaky).samples(wrong=-1) == 1


def test_the_best_of_many_is_looked_up_among_selections() -> None:
    # A verifier that knows nothing: right and wrong solutions have scores of the same spread.
    judged = [
        Labelled(instance=f"i{i}", correct=j == 0, accepted=False, score=((i * 7 + j * 5) % 8) / 8)
        for i in range(40)
        for j in range(4)
    ]
    found = audit(judged)
    assert [n for n, _ in found.selected] == [1, 2, 4]
    assert found.confidence(0.9, of=1) is not None
    picked = [
        max((one for one in judged if one.instance == f"i{i}"), key=lambda o: o.score or 0) for i in range(40)
    ]
    share = sum(one.correct for one in picked) / len(picked)
    stated = [found.confidence(one.score, of=4) for one in picked]
    assert sum(value or 0.0 for value in stated) / len(stated) == pytest.approx(share)
    assert found.confidence(0.9, of=3) == found.confidence(0.9, of=4)
    assert found.confidence(0.9, of=5) is None
    assert found.confidence(0.9, of=4, by="majority") is None, (
        "the score of what a vote chose is not the best of four"
    )
