"""Live experiments: equal budgets, made once, resumed where cut off, graded by the benchmark's own graders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from branchwise import models, tasks
from branchwise.cli.app import app
from branchwise.evals.live.ablations import ablations
from branchwise.evals.live.arm import arm
from branchwise.evals.live.experiment import Experiment, carry_out, spread
from branchwise.evals.live.report import live_report
from branchwise.evals.live.samples import samples_log
from branchwise.evals.log import Log
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import Budget
from branchwise.store.store import Store

BUDGET = Budget(completion_tokens=150)


def experiment(*arms: str, count: int = 3, seeds: int = 2) -> Experiment:
    return Experiment(
        task="game24",
        model="uniform",
        arms=tuple(arm(text) for text in arms),
        instances=spread(tuple(tasks.benchmark("game24").instances(None)), count),
        seeds=seeds,
        budget=BUDGET,
    )


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/runs.sqlite"


async def test_no_arm_writes_more_than_the_budget_and_none_stops_far_from_it(url: str) -> None:
    asked = experiment("best_of_n", "tree_of_thoughts", "rebase:width=4", "pool")
    async with Store.opened(url) as store:
        outcomes = await carry_out(asked, store, models.load("uniform"))
    assert len(outcomes) == asked.runs
    for outcome in outcomes:
        written = outcome.result.usage.completion_tokens
        assert written <= 150
        assert outcome.result.solved or written > 150 - 128, "a whole solution takes 120 tokens at most"


async def test_a_second_time_costs_nothing_and_says_the_same(url: str) -> None:
    asked, engine = experiment("one", "tree_of_thoughts"), models.load("uniform")
    async with Store.opened(url) as store:
        first = await carry_out(asked, store, engine)
        runs = len(await store.runs())
        again = await carry_out(asked, store, engine)
        assert len(await store.runs()) == runs == asked.runs
    assert [o.result for o in first] == [o.result for o in again]
    assert live_report("t", first, {}).dumps() == live_report("t", again, {}).dumps()


async def test_an_experiment_that_was_cut_off_goes_on(url: str) -> None:
    asked, engine = experiment("one", "tree_of_thoughts"), models.load("uniform")

    class Cut(Exception): ...

    seen = 0

    def cut(_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == 4:
            raise Cut

    async with Store.opened(url, ttl=1.0) as store:
        with pytest.raises(ExceptionGroup):
            await carry_out(asked, store, engine, concurrency=1, done=cut)
        half = {run.id for run in await store.runs() if run.result is not None}
        outcomes = await carry_out(asked, store, engine)
        assert half < {o.result.run_id for o in outcomes}
    assert len(outcomes) == asked.runs


async def test_the_samples_can_be_replayed(url: str, tmp_path: Path) -> None:
    async with Store.opened(url) as store:
        outcomes = await carry_out(experiment("pool", "tree_of_thoughts"), store, models.load("uniform"))
    samples_log("game24", "uniform", "a test", outcomes).write(tmp_path / "log.jsonl")
    log = Log.read(tmp_path / "log.jsonl")
    assert set(log.arms) <= {"pool", "tree_of_thoughts"}
    drawn = [o for o in outcomes if o.arm == "pool"]
    assert sum(s.arm == "pool" for s in log.samples) == sum(len(o.tree) - 1 for o in drawn)
    for sample in log.samples:
        assert not sample.steps or sample.tokens == sum(step.tokens for step in sample.steps)
        assert not sample.steps or sample.text.startswith(sample.steps[0].text)


def test_instances_are_spread_and_those_for_choosing_left_out() -> None:
    assert spread(range(10), 5) == (0, 2, 4, 6, 8)
    assert spread(range(12), 100, leave_out=6) == (1, 2, 3, 4, 5, 7, 8, 9, 10, 11)
    assert spread((), 4) == ()


@pytest.mark.parametrize(
    ("text", "error"),
    [("best_of_m", UnknownName), ("rebase:wide=3", UnknownName), ("auto:trials=0", BadInput)],
)
def test_an_arm_that_does_not_exist_is_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        arm(text)


def test_every_ablation_is_made_of_arms() -> None:
    for arms in ablations(()).values():
        assert len({arm(text).name for text in arms}) == len(arms) > 1
    with pytest.raises(UnknownName):
        ablations(("selectors",))


def test_the_command_shows_and_writes_a_report(tmp_path: Path) -> None:
    given = [
        "--store",
        f"sqlite:///{tmp_path}/r.sqlite",
        "--model",
        "uniform",
        "--instances",
        "2",
        "--seeds",
        "2",
    ]
    asked = ["bench", "run", "game24", "--strategies", "one,tree_of_thoughts", "--completion-tokens", "60"]
    done = CliRunner().invoke(app, [*asked, *given, "--out", str(tmp_path / "out"), "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert [row[0] for row in report["tables"][0]["rows"]] == ["one", "tree_of_thoughts"]
    assert {p.suffix for p in (tmp_path / "out").iterdir()} == {".md", ".json", ".html", ".jsonl"}
    assert "script" not in (tmp_path / "out" / "game24.html").read_text()


def test_without_a_budget_nothing_is_compared(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["bench", "run", "game24", "--model", "uniform", "--store", f"sqlite:///{tmp_path}/r.sqlite"]
    )
    assert done.exit_code == 2
    assert not (tmp_path / "r.sqlite").exists()


def test_the_critique_ablation_runs_its_control(tmp_path: Path) -> None:
    given = [
        "--store",
        f"sqlite:///{tmp_path}/r.sqlite",
        "--model",
        "uniform",
        "--instances",
        "2",
        "--seeds",
        "1",
    ]
    done = CliRunner().invoke(
        app, ["bench", "ablate", "game24", "--what", "selector", "--calls", "6", *given]
    )
    assert done.exit_code == 0, done.output
    assert "auto:without=recovery" in done.stdout
