"""What the real logs show, held against the published shape of the curves."""

from functools import cache
from pathlib import Path
from statistics import fmean

import pytest

from branchwise.evals import logs
from branchwise.evals.audited import audited
from branchwise.evals.outcomes import Outcomes, outcomes
from branchwise.evals.policy import Policy
from branchwise.evals.tables import tables
from branchwise.evals.whole_pools import whole_pools
from branchwise.statistics.pass_at_k import coverage


@cache
def humaneval(data: Path) -> Outcomes:
    chosen = [
        Policy(strategy="best_of_n", limit=n, aggregation=aggregation, knobs={"n": n})
        for n in (1, 4, 16, 50)
        for aggregation in ("best_of_n", "weighted_majority")
    ]
    return outcomes(logs.load("humaneval_codegen16b", data), chosen, seeds=3)


def accuracy(found: Outcomes, n: int, aggregation: str = "best_of_n") -> float:
    return next(
        fmean(found.accuracy(p)) for p in found.right if p.limit == n and p.aggregation == aggregation
    )


def test_best_of_n_by_generated_asserts_gets_worse_past_four(data: Path) -> None:
    found = humaneval(data)
    assert accuracy(found, 4) > accuracy(found, 1) + 0.05
    assert accuracy(found, 50) < accuracy(found, 4) - 0.05


def test_weighing_agreement_by_score_does_not(data: Path) -> None:
    found = humaneval(data)
    by_n = [accuracy(found, n, "weighted_majority") for n in (4, 16, 50)]
    assert by_n == sorted(by_n)
    assert by_n[-1] > accuracy(found, 50) + 0.1


def test_the_reference_numbers_of_humaneval(data: Path) -> None:
    """On the 109 problems whose samples are open; over all 164 the references are 23, 30, 27, 22, 38 and 74 %."""
    log = logs.load("humaneval_codegen16b", data)
    assert len(log.instances) == 109
    found = humaneval(data)
    assert accuracy(found, 1) == pytest.approx(0.23, abs=0.02)
    assert accuracy(found, 4) == pytest.approx(0.33, abs=0.02)
    assert accuracy(found, 16) == pytest.approx(0.30, abs=0.02)
    whole = {row[0]: float(row[1].split()[0]) for row in whole_pools(log, "").rows}
    assert whole["best_of_n of all 100"] == pytest.approx(22, abs=1.5)
    assert whole["weighted_majority of all 100"] == pytest.approx(40, abs=1.5)
    pools = log.pools("").values()
    assert fmean(any(s.correct for s in pool) for pool in pools) == pytest.approx(0.743, abs=0.001)


def test_stopping_by_weighted_votes_loses_nothing_past_four_and_saves_tokens(data: Path) -> None:
    adaptive = [
        Policy(strategy="adaptive_vote", limit=n, aggregation="weighted_majority", knobs={"n": n})
        for n in (4, 16, 50)
    ]
    found = outcomes(logs.load("humaneval_codegen16b", data), adaptive, seeds=3)
    at_four, at_16, at_50 = (fmean(found.accuracy(policy)) for policy in adaptive)
    assert at_50 >= at_16 - 0.01 >= at_four - 0.02
    plain = humaneval(data)
    assert at_50 > accuracy(plain, 50) + 0.1
    whole = next(p for p in plain.right if p.limit == 50)
    assert found.cost(adaptive[-1]) < plain.cost(whole)


def test_the_audited_verifier_loses_nothing_past_four(data: Path) -> None:
    log = logs.load("humaneval_codegen16b", data)
    checked = audited(log, "", {4: 213.0, 32: 1702.0}, seeds=1)
    assert fmean(checked.at[32].right) >= fmean(checked.at[4].right)
    assert all(audit.samples(wrong=-1) is not None for audit in checked.audits)


def test_the_reward_model_on_math(data: Path) -> None:
    """On the 67 problems whose samples are open; on the full set the references are 94, 92.5 and 96 %."""
    log = logs.load("math_qwen25_rm", data)
    assert len(log.instances) == 67
    assert {row[1].split()[0] for row in whole_pools(log, "").rows} == {"94.0"}
    pools = log.pools("").values()
    best = [max(pool, key=lambda s: s.scores["reward_model"]) for pool in pools]
    assert fmean(bool(sample.correct) for sample in best) == pytest.approx(0.940, abs=0.001)
    counts = [(len(pool), sum(bool(s.correct) for s in pool)) for pool in pools]
    assert coverage(counts, 8) == pytest.approx(0.970, abs=0.001)


def test_one_call_makes_the_tables(data: Path, tmp_path: Path) -> None:
    (report,) = tables(data, only=["math_qwen25_rm"], seeds=1, out=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "index.html",
        "math_qwen25_rm.json",
        "math_qwen25_rm.md",
    }
    verdicts = {row[4] for table in report.tables if table.title.startswith("Planners") for row in table.rows}
    assert "no gain" in verdicts
