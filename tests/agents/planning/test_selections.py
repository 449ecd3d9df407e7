"""The best of N is calibrated as a selection: stated and true shares agree, where single samples' maps overstate."""

from __future__ import annotations

from random import Random
from statistics import fmean

from branchwise.agents.planning.audit import Labelled, audit
from branchwise.agents.planning.policy_table import PolicyTable
from branchwise.agents.planning.selections import selections
from branchwise.statistics.isotonic import Steps
from branchwise.statistics.reliability import reliability


def pools(seed: int, instances: int = 120) -> dict[str, list[tuple[float, bool]]]:
    """Instances of which most are hopeless, and a noisy score that is a little higher for what is right."""
    rng, made = Random(seed), {}
    for i in range(instances):
        rate = 0.6 if i % 4 == 0 else 0.02
        samples = [rng.random() < rate for _ in range(32)]
        made[str(i)] = [(min(1.0, max(0.0, rng.gauss(0.55 if ok else 0.45, 0.2))), ok) for ok in samples]
    return made


def played(size: int, stated: Steps | None) -> tuple[list[float], list[float]]:
    assert stated is not None
    rng, forecasts, outcomes = Random(9), [], []
    for pool in pools(2).values():
        for _ in range(10):
            score, right = max(rng.sample(pool, size))
            forecasts.append(stated(score))
            outcomes.append(float(right))
    return forecasts, outcomes


def test_selections_are_calibrated_on_other_instances() -> None:
    labelled = pools(1)
    fitted = selections(labelled)
    single = audit(
        Labelled(instance=name, correct=ok, accepted=False, score=score)
        for name, pool in labelled.items()
        for score, ok in pool
    ).calibration
    for size in (4, 16):
        assert reliability(*played(size, fitted[size])).error < 0.10
    forecasts, outcomes = played(16, single)
    assert fmean(forecasts) > fmean(outcomes)


def test_sizes_are_fitted_where_enough_instances_have_so_many_samples() -> None:
    assert set(selections(pools(1, instances=20))) == {1, 2, 4, 8, 16, 32}
    assert selections(pools(1, instances=5)) == {}


def test_a_score_that_ranks_nothing_states_the_share_of_right_selections() -> None:
    rng = Random(3)
    noise = {str(i): [(rng.random(), rng.random() < 0.3) for _ in range(8)] for i in range(40)}
    steps = selections(noise)[4]
    assert steps.edges == ()
    assert 0.15 < steps(0.9) < 0.45


def test_a_table_keeps_the_maps_of_selections() -> None:
    found = audit(
        Labelled(instance=name, correct=ok, accepted=False, score=score)
        for name, pool in pools(3, instances=12).items()
        for score, ok in pool
    )
    assert PolicyTable.loads(PolicyTable(audit=found).dumps()).audit == found
    assert found.confidence(0.9, of=8) == dict(found.selected)[8](0.9)
    assert found.confidence(0.9, of=1000) is None
