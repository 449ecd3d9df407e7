"""fork and replay as a person types them; the model is a scripted one, so the runs are made here."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from branchwise.graphs.search.run import resume, solve
from branchwise.graphs.search.state import Options
from branchwise.models.scripted import scripted
from tests.graphs.search.resume_worker import PROBLEM, _write

ROOT = Path(__file__).parents[2]


def branchwise(*arguments: str, store: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "branchwise", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "BRANCHWISE_STORE": store},
        check=False,
        timeout=120,
        cwd=ROOT,
    )


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
