"""What listings print: all five terms of every decision, whole run ids, one line a row in a pipe, JSON when asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from branchwise.graphs.search.state import Options
from tests.cli.typed import completed

ROOT = Path(__file__).parents[2]


def branchwise(*arguments: str, home: Path, **environment: str) -> str:
    given: dict[str, Any] = {"COLUMNS": None, "XDG_DATA_HOME": str(home), **environment}
    done = completed(*arguments, store=home / "runs.sqlite", **given)
    assert done.returncode in {0, 1}, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_show_why_tells_the_five_terms_of_every_strategy(tmp_path: Path) -> None:
    problem = str(ROOT / "examples/calendar/two_people.txt")
    ask = ("solve", "-f", problem, "--task", "calendar", "--model", "uniform", "--json")
    run = json.loads(branchwise(*ask, home=tmp_path))["run_id"]
    lines = branchwise("show", run[-8:], "--why", home=tmp_path).splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("strategy "))
    terms = ["exploitation", "exploration", "prior", "diversity", "recovery", "total"]
    assert lines[head].split() == ["strategy", *terms]
    for line in lines[head + 1 : head + 4]:
        name, *values = line.split()
        assert name in Options().arms
        assert float(values[-1]) == pytest.approx(sum(map(float, values[:-1])), abs=0.004)
    assert run in branchwise("runs", home=tmp_path, COLUMNS="60")
    assert len(branchwise("runs", home=tmp_path).splitlines()) == 2


@pytest.mark.parametrize(
    "command", ["strategies", "tasks", "runs", "planner show", "pool status", "runs --status queued"]
)
def test_every_listing_is_json_when_asked(command: str, tmp_path: Path) -> None:
    found = json.loads(branchwise(*command.split(), "--json", home=tmp_path, XDG_STATE_HOME=str(tmp_path)))
    assert isinstance(found, list | dict)
    assert bool(found) == (command in {"strategies", "tasks"})
