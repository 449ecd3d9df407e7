"""Forecasts and replays of logs that people recorded themselves."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from branchwise.cli.bench import bench
from branchwise.evals.forecast import forecast
from branchwise.evals.log import Header, Log, RecordedSample
from branchwise.store.errors import BadInput
from branchwise.store.records import VerifiedBy


def log(instances: int = 24, samples: int = 12, *, verifier: str | None = "v") -> Log:
    """Samples of instances that are right with their own rate, under a verifier that is often wrong."""
    rng = random.Random(3)
    recorded = []
    for i in range(instances):
        rate = rng.random()
        for k in range(samples):
            right = rng.random() < rate
            score = min(1.0, max(0.0, rng.gauss(0.6 if right else 0.4, 0.3)))
            answer = "right" if right else f"wrong {rng.randrange(3)}"
            recorded.append(
                RecordedSample(
                    instance=str(i), index=k, correct=right, answer=answer, scores={"v": score}, tokens=10
                )
            )
    header = Header(
        task="t",
        model="m",
        source="s",
        licence="l",
        tokens="logged",
        verifier=verifier,
        verified_by=VerifiedBy.MODEL,
    )
    return Log(header=header, samples=tuple(recorded))


def test_a_forecast_goes_beyond_the_recorded_samples_and_carries_its_error() -> None:
    (table,) = forecast("log", log(), "", (1, 4, 64), seeds=2).tables
    assert all("+-" in row[1] for row in table.rows)
    assert [bool(row[2]) for row in table.rows] == [True] * 4 + [False] * 3
    assert sum(row[4] == "best" for row in table.rows) == 1


def test_under_a_sound_check_only_its_choice_is_forecast() -> None:
    plain = log()
    checked = Log(
        header=replace(plain.header, verified_by=VerifiedBy.PROGRAM),
        samples=tuple(
            replace(s, answer=None, accepted=bool(s.correct), scores={"v": float(bool(s.correct))})
            for s in plain.samples
        ),
    )
    (table,) = forecast("log", checked, "", (1, 4, 16), seeds=2).tables
    assert [row[0] for row in table.rows] == [f"best_of_n (N={n})" for n in (1, 4, 16)]
    shares = [float(row[1].split()[0]) for row in table.rows]
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(50, abs=15)


def test_what_cannot_be_forecast_is_refused() -> None:
    with pytest.raises(BadInput, match="verifier"):
        forecast("log", log(verifier=None), "", (1, 4), seeds=1)
    with pytest.raises(BadInput, match="at least 8 instances"):
        forecast("log", log(instances=7), "", (1, 4), seeds=1)
    right = Log(header=log().header, samples=tuple(s for s in log().samples if s.correct))
    with pytest.raises(BadInput, match="cannot be fitted"):
        forecast("log", right, "", (1,), seeds=1)


def test_a_file_is_replayed_and_forecast_by_its_path(tmp_path: Path) -> None:
    log().write(tmp_path / "mine.jsonl")
    shown = CliRunner().invoke(bench, ["replay", str(tmp_path / "mine.jsonl"), "--seeds", "1", "--json"])
    assert shown.exit_code == 0, shown.output
    report = json.loads(shown.stdout)
    assert report["title"] == "mine"
    assert {"Policies", "Coverage", "Whole pools"} <= {table["title"] for table in report["tables"]}
    told = CliRunner().invoke(bench, ["simulate", str(tmp_path / "mine.jsonl"), "--samples", "1,8,32"])
    assert told.exit_code == 0, told.output
    assert "Forecast" in told.stdout


def test_a_log_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert CliRunner().invoke(bench, ["replay", "humaneval"]).exit_code == 2
    assert CliRunner().invoke(bench, ["replay", str(tmp_path / "none.jsonl")]).exit_code == 2
