"""fork and replay as a person types them; the model is a scripted one, so the runs are made here."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from branchwise.graphs.search.run import resume, solve
from branchwise.graphs.search.state import Options
from branchwise.models.scripted import scripted
from tests.cli.typed import ECHO, FLOWS, good
from tests.cli.typed import branchwise as typed
from tests.cli.typed import completed as branchwise
from tests.graphs.search.resume_worker import PROBLEM, _write

ROOT = Path(__file__).parents[2]


def test_fork_resume_replay(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/runs.sqlite"
    solved = solve(
        PROBLEM,
        model=scripted(_write),
        store=store,
        strategy="step_beam",
        seed=3,
        options=Options(trials=1, batch=2),
    )
    old = asyncio.run(solved)
    same = branchwise("replay", "last", store=store)
    assert (same.returncode, same.stderr) == (0, "")
    assert "are identical to the record" in same.stdout

    made = branchwise("fork", old.run_id[-8:], "--at", "0.0", "--tokens", "90000", "-k", "n=3", store=store)
    assert made.returncode == 2
    assert "knob" in made.stderr
    made = branchwise(
        "fork", "last", "--at", "0.0", "--strategy", "best_of_n", "-k", "n=3", "-k", "batch=1", store=store
    )
    assert made.returncode == 0, made.stderr
    new = made.stdout.strip()
    assert f"branchwise resume {new}" in made.stderr
    early = branchwise("replay", new, store=store)
    assert (early.returncode, "branchwise resume" in early.stderr) == (2, True)
    result = asyncio.run(resume(new, store=store, model=scripted(_write)))
    assert result.nodes == 3
    found = json.loads(branchwise("replay", new, "--json", store=store).stdout)
    assert (found["exact"], found["nodes"], found["differences"]) == (True, 3, [])

    missing = branchwise("fork", new, "--at", "0.77", store=store)
    assert (missing.returncode, "0.77" in missing.stderr) == (2, True)


def test_a_workflow_forks_at_a_place_with_another_input_model_and_budget(home: Path) -> None:
    given = '{"topic": "tea", "times": 2}'
    assert typed("run", f"{FLOWS}:chain", "-i", given, *ECHO, "--id", "tea").exit_code == 0
    at = good(
        "fork", "tea", "--at", "second/1", "--model", f"{FLOWS}:loud", "--tokens", "5000", "--effects", "4"
    )
    assert (at["forked_from"], at["forked_at"], at["spec"]["budget"]) == (
        "tea",
        "second/1",
        {"tokens": 5000, "effects": 4},
    )
    ended = good("resume", at["id"])
    # The first call is the old run's, whose model it was; those from the place on are made anew.
    assert ended["output"]["said"] == ["about tea.", "MORE ON ABOUT TEA."]
    assert ended["usage"]["calls"] == 1
    other = good("fork", "tea", "--input", '{"topic": "milk"}')
    assert good("resume", other["id"])["output"]["said"] == ["about milk.", "more on about milk.."]
    same = good("resume", good("fork", "tea")["id"])
    assert (same["usage"]["calls"], same["output"]["noted"]) == (0, ["noted 0", "noted 1"])
    for words, said in (
        (("--at", "third/1"), "no place `third/1`"),
        (("--input", '{"subject": 1}'), "no input of"),
        (("--tokens", "0"), "must be a positive number"),
        (("-k", "n=3"), "has no knobs to change"),
    ):
        refused = typed("fork", "tea", *words)
        assert (refused.exit_code, said in refused.output.replace("\n", " ")) == (2, True), refused.output
