"""The commands as a person types them: the embedded model, exit codes, and real processes for Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from branchwise.models import load
from branchwise.store.errors import ModelError
from tests.cli.typed import completed as branchwise

ROOT = Path(__file__).parents[2]
PROBLEM = ROOT / "examples/calendar/two_people.txt"


@pytest.fixture(scope="session")
def _model() -> None:
    try:
        load("embedded")
    except ModelError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/runs.sqlite"


@pytest.mark.embedded
@pytest.mark.usefixtures("_model")
def test_solve_then_runs_then_show(store: str) -> None:
    solved = branchwise(
        "solve", "-f", str(PROBLEM), "--task", "calendar", "--tokens", "6000", "--json", store=store
    )
    assert solved.returncode in {0, 1}, solved.stderr
    result = json.loads(solved.stdout)
    assert result["solved"] == (solved.returncode == 0)
    assert result["verified_by"] == "program"
    assert result["usage"]["completion_tokens"] > 0

    runs = json.loads(branchwise("runs", "--json", store=store).stdout)
    assert [run["id"] for run in runs] == [result["run_id"]]
    shown = branchwise("show", "last", "--why", store=store)
    assert shown.returncode == 0
    assert "allocate" in shown.stdout or "plan" in shown.stdout
    again = branchwise("resume", "last", "--json", store=store)
    assert json.loads(again.stdout) == result


@pytest.mark.embedded
@pytest.mark.usefixtures("_model")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_a_run_that_resumes(store: str, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "branchwise", "solve", "-f", str(PROBLEM), "--task", "calendar"]
    command += ["--strategy", "best_of_n", "-k", "n=400"]
    environment = {**os.environ, "BRANCHWISE_STORE": store}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and '"running"' not in branchwise("runs", "--json", store=store).stdout:
        time.sleep(0.2)
    process.send_signal(number)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "branchwise resume" in said
    runs = json.loads(branchwise("runs", "--json", store=store).stdout)
    assert runs[0]["status"] == "paused"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a question", "--task", "calender"], "Did you mean `calendar`?"),
        (["a question", "--strategy", "best_of_m"], "Did you mean `best_of_n`?"),
        (["  "], "The problem is empty."),
        (["x" * 120_000, "--task", "calendar"], "at most"),
        (["a question", "-k", "n"], "name=value"),
        (["a question", "--tokens", "0"], "positive"),
        (["a question", "--model", "ambedded"], "Did you mean `embedded`?"),
    ],
)
def test_bad_input_costs_nothing(arguments: list[str], said: str, store: str) -> None:
    done = branchwise("solve", *arguments, store=store)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert json.loads(branchwise("runs", "--json", store=store).stdout) == []


def test_an_endpoint_that_is_not_there(store: str) -> None:
    done = branchwise(
        "solve", "q", "--model", "openai-compatible:m", "--base-url", "http://127.0.0.1:9/v1", store=store
    )
    assert done.returncode == 3
    assert "127.0.0.1:9" in done.stderr


def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = branchwise("runs", store=f"sqlite:///{tmp_path}/file/runs.sqlite")
    assert done.returncode == 3
    assert done.stderr.startswith("branchwise: ")


def test_importing_branchwise_loads_no_engine() -> None:
    code = (
        "import sys, branchwise, branchwise.graphs.search.run;"
        "print([m for m in ('litellm', 'xllamacpp', 'openai', 'playwright') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
