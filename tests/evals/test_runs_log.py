"""From a user's own runs to evidence: store, replay file, replay and forecast, fitted planner, next run."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from branchwise.cli.app import app
from branchwise.evals.log import Log
from branchwise.evals.runs_log import runs_log
from branchwise.graphs.search.run import solve
from branchwise.graphs.search.state import Options
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadInput
from branchwise.store.records import VerifiedBy
from branchwise.store.store import Store

INSTANCES, SAMPLES = 20, 16
MODEL = "scripted:script"


def write(request: SampleRequest, seed: int) -> str:
    """Right in seven of eight samples on even problems, in one of eight on odd ones; the judge mostly sees it."""
    asked = request.messages[-1].content
    if '"Score: "' in asked:
        right, thought = "Answer: right" in asked, int(re.findall(r"Thought (\d+)", asked)[-1])
        return f"Hm.\nScore: {(30 if right else 0) + 15 * (thought % 5)}"
    if "List every constraint" in asked:
        return "- be brief"
    number = int(re.findall(r"Problem (\d+)", asked)[-1])
    right = seed % 8 != 3 if number % 2 == 0 else seed % 8 == 3
    return f"Thought {seed}.\nAnswer: {'right' if right else f'wrong {seed % 3}'}"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, str]]:
    """A store with one run an instance, and the right answer of each run."""
    url = f"sqlite:///{tmp_path_factory.mktemp('runs')}/runs.sqlite"

    async def work() -> dict[str, str]:
        engine, labels = scripted(write), {}
        async with Store.opened(url) as store:
            for number in range(INSTANCES):
                result = await solve(
                    f"Problem {number}",
                    model=engine,
                    strategy="best_of_n",
                    knobs={"n": SAMPLES},
                    seed=number,
                    store=store,
                )
                labels[result.run_id] = "right"
        return labels

    return url, asyncio.run(work())


def read(url: str, **more: Any) -> Log:
    async def work() -> Log:
        async with Store.opened(url) as store:
            return await runs_log(store, "text", MODEL, **more)

    return asyncio.run(work())


def test_every_sample_of_every_run_is_in_the_log(kept: tuple[str, dict[str, str]]) -> None:
    url, labels = kept
    log = read(url, labels=labels)
    assert len(log.instances) == INSTANCES
    assert {len(pool) for pool in log.pools("").values()} == {SAMPLES}
    assert log.header.verified_by is VerifiedBy.MODEL
    assert {bool(s.correct) for s in log.samples} == {True, False}
    assert all(s.correct == (s.answer == "right") and s.scores and s.tokens for s in log.samples)


def test_without_labels_an_opinion_is_no_outcome(kept: tuple[str, dict[str, str]]) -> None:
    assert all(sample.correct is None for sample in read(kept[0]).samples)


def test_a_store_without_such_runs_is_refused(kept: tuple[str, dict[str, str]]) -> None:
    with pytest.raises(BadInput, match="no finished runs"):
        read(kept[0].replace("runs.sqlite", "other.sqlite"))


def test_runs_become_a_replay_file_that_is_replayed_and_forecast(
    kept: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    path = tmp_path / "mine.jsonl"
    read(kept[0], labels=kept[1]).write(path)
    shown = CliRunner().invoke(app, ["bench", "replay", str(path), "--seeds", "1", "--json"])
    assert shown.exit_code == 0, shown.output
    tables = {table["title"]: table for table in json.loads(shown.stdout)["tables"]}
    accuracy = {row[0]: float(row[1].split()[0]) for row in tables["Policies"]["rows"]}
    assert accuracy["best_of_n (N=1)"] == pytest.approx(50, abs=10)
    assert accuracy["best_of_n (N=8)"] > accuracy["self_consistency (N=8)"], (
        "the judge sees what the vote cannot"
    )
    assert any(title.startswith("Strategies at") for title in tables)
    told = CliRunner().invoke(app, ["bench", "simulate", str(path), "--samples", "1,8", "--json"])
    assert told.exit_code == 0, told.output
    (forecast,) = json.loads(told.stdout)["tables"]
    assert all("+-" in row[1] for row in forecast["rows"])


def test_a_planner_fitted_on_the_store_plans_the_next_run(
    kept: tuple[str, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, labels = kept
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    asked = ["planner", "fit", "--store", url, "--model", MODEL, "--labels", str(tmp_path / "labels.json")]
    fitted = CliRunner().invoke(app, [*asked, "--seeds", "1"])
    assert fitted.exit_code == 0, fitted.output
    shown = CliRunner().invoke(app, ["planner", "show"])
    assert shown.exit_code == 0, shown.output
    assert f"on {INSTANCES * SAMPLES} labels" in shown.output.replace("\n", " ")

    async def next_run() -> tuple[Mapping[str, Any], bool]:
        async with Store.opened(f"sqlite:///{tmp_path}/next.sqlite") as store:
            result = await solve("Problem 100", model=scripted(write), store=store, options=Options(trials=1))
            made = {d.key: cast("Mapping[str, Any]", d.payload) for d in await store.decisions(result.run_id)}
        return made["plan"], result.calibrated

    plan, calibrated = asyncio.run(next_run())
    assert plan["basis"] == "policy table"
    assert plan["difficulty"]["basis"].endswith("calibrated")
    assert calibrated, "the audit states the confidence"
