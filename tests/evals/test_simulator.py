from pathlib import Path
from statistics import fmean

import pytest

from branchwise.evals import logs
from branchwise.evals.log import Header, Log
from branchwise.evals.policy import Policy
from branchwise.evals.simulator import Simulator, Validation, simulator, validate
from branchwise.statistics.pass_at_k import coverage
from branchwise.store.records import VerifiedBy

BEST = Policy(strategy="best_of_n", limit=4, knobs={"n": 4})
VOTE = Policy(strategy="self_consistency", limit=4, aggregation="majority", knobs={"n": 4})


def fitted(data: Path, name: str) -> tuple[Log, Simulator]:
    log = logs.load(name, data)
    return log, simulator(log, log.instances)


def counts(log: Log) -> list[tuple[int, int]]:
    return [(len(pool), sum(bool(s.correct) for s in pool)) for pool in log.pools("").values()]


def test_a_simulated_log_has_the_coverage_it_was_fitted_to(data: Path) -> None:
    log, made = fitted(data, "humaneval_codegen16b")
    drawn = made.draw(600, 50, seed=1)
    for k in (1, 5, 25):
        assert coverage(counts(drawn), k) == pytest.approx(coverage(counts(log), k), abs=0.06)


def test_right_samples_score_higher_as_in_the_log(data: Path) -> None:
    log, made = fitted(data, "math_qwen25_rm")
    drawn = made.draw(300, 8, seed=1)

    def gap(samples: Log) -> float:
        right, wrong = (
            fmean(s.scores["reward_model"] for s in samples.samples if s.correct is value)
            for value in (True, False)
        )
        return right - wrong

    assert gap(drawn) == pytest.approx(gap(log), abs=0.15)


def test_a_seed_repeats_a_simulation(data: Path) -> None:
    _, made = fitted(data, "math_qwen25_rm")
    assert made.draw(5, 4, seed=3) == made.draw(5, 4, seed=3)
    assert made.draw(5, 4, seed=3) != made.draw(5, 4, seed=4)


def test_the_error_is_measured_on_held_back_instances(data: Path) -> None:
    log = logs.load("math_qwen25_rm", data)
    found = validate(log, [BEST, VOTE], seeds=1)
    gaps = [found.simulated[p] - found.held_back[p] for p in (BEST, VOTE)]
    assert found.error == pytest.approx(fmean(g * g for g in gaps) ** 0.5)
    assert found.error < 0.15


@pytest.mark.parametrize(("gap", "ranked"), [(0.05, False), (0.1, False), (0.11, True)])
def test_a_gap_within_the_error_is_not_ranked(gap: float, ranked: bool) -> None:
    found = Validation(error=0.1, simulated={BEST: 0.5 + gap, VOTE: 0.5}, held_back={BEST: 0.5, VOTE: 0.5})
    assert found.better(BEST, VOTE) == (BEST if ranked else None)
    assert found.better(VOTE, BEST) == (BEST if ranked else None)


def test_nothing_wrong_is_nothing_to_fit() -> None:
    header = Header(
        task="t", model="m", source="s", licence="MIT", tokens="logged", verified_by=VerifiedBy.MODEL
    )
    with pytest.raises(ValueError, match="right and wrong"):
        simulator(Log(header=header, samples=()), [])
