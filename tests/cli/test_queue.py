"""submit, worker, runs and cancel as a person types them."""

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
from tests.cli.typed import ECHO, FLOWS, completed, good, process
from tests.cli.typed import branchwise as typed

ROOT = Path(__file__).parents[2]


def start(*arguments: str, store: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "branchwise", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "BRANCHWISE_STORE": store},
        cwd=ROOT,
    )


def branchwise(*arguments: str, store: str, stdin: str = "") -> tuple[int, str, str]:
    done = completed(*arguments, store=store, stdin=stdin)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/runs.sqlite"


def test_one_bad_line_is_named_and_nothing_is_stored(store: str, tmp_path: Path) -> None:
    problems = tmp_path / "problems.jsonl"
    problems.write_text('"first"\n\n{"problem": "second", "priorty": 3}\n')
    code, out, err = branchwise("submit", str(problems), store=store)
    assert (code, out) == (2, "")
    assert "Problem 2" in err
    assert "Did you mean `priority`?" in " ".join(err.split())
    code, _, err = branchwise("submit", "-", store=store, stdin='"fine"\nnot json\n')
    assert code == 2
    assert "Line 2" in err
    assert json.loads(branchwise("runs", "--json", store=store)[1]) == []


def test_submit_watch_cancel(store: str) -> None:
    lines = (
        '"first"\n{"problem": "second", "priority": 3, "strategy": "best_of_n", "budget": {"tokens": 99}}\n'
    )
    code, out, err = branchwise("submit", "-", "--task", "text", store=store, stdin=lines)
    assert code == 0, err
    first, second = out.split()
    assert "branchwise worker" in err
    rows = {run["id"]: run for run in json.loads(branchwise("runs", "--json", store=store)[1])}
    assert (rows[second]["status"], rows[second]["priority"]) == ("queued", 3)
    assert (rows[second]["strategy"], rows[second]["spec"]["budget"]["tokens"]) == ("best_of_n", 99)
    watching = start("runs", "--watch", "--json", store=store)
    assert watching.stdout is not None
    seen = [json.loads(watching.stdout.readline()) for _ in range(2)]
    assert {run["id"] for run in seen} == {first, second}
    assert branchwise("cancel", first, second, store=store)[1] == f"{first} cancelled\n{second} cancelled\n"
    assert json.loads(watching.stdout.readline())["status"] == "cancelled"
    watching.send_signal(signal.SIGINT)
    watching.communicate(timeout=30)
    assert branchwise("cancel", "nothing", store=store)[0] == 2
    code, _, err = branchwise("runs", "--status", "quued", store=store)
    assert (code, "Did you mean `queued`?" in err) == (2, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_worker_in_good_order(store: str, number: signal.Signals) -> None:
    worker = start("worker", "--json", store=store)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not json.loads(
        branchwise("runs", "--json", store=store)[1] or "[]"
    ):
        branchwise(
            "submit",
            "-",
            "--model",
            "openai-compatible:m",
            "--base-url",
            "http://127.0.0.1:9/v1",
            store=store,
            stdin='"q"',
        )
    assert worker.stdout is not None
    assert json.loads(worker.stdout.readline())["kind"] == "claimed"
    worker.send_signal(number)
    out, err = worker.communicate(timeout=60)
    assert worker.returncode == 0, err
    assert "Traceback" not in err
    left = json.loads(branchwise("runs", "--json", store=store)[1])[0]
    assert left["status"] in {"queued", "failed"}, (out, err)


@pytest.mark.embedded
def test_workers_of_several_processes_empty_a_queue_together(url: str) -> None:
    try:
        load("embedded")
    except ModelError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    lines = "".join(f'"What is {i} and {i}?"\n' for i in range(6))
    asked = ("--strategy", "best_of_n", "-k", "n=1", "--tokens", "400", "-m", "max_tokens=16")
    code, out, err = branchwise("submit", "-", *asked, store=url, stdin=lines)
    assert code == 0, err
    crew = [start("worker", "--until-empty", "--concurrency", "1", "--json", store=url) for _ in range(2)]
    said = [worker.communicate(timeout=600) for worker in crew]
    assert [worker.returncode for worker in crew] == [0, 0], said
    ended = [
        line["run_id"] for o, _ in said for line in map(json.loads, o.splitlines()) if line["kind"] == "done"
    ]
    assert sorted(ended) == sorted(out.split())
    assert {run["status"] for run in json.loads(branchwise("runs", "--json", store=url)[1])} == {"done"}


def test_the_worker_that_is_named_takes_the_queue_and_may_import(home: Path) -> None:
    (home / "in.jsonl").write_text('{"topic": "tea"}\n', encoding="utf-8")
    said = typed("submit", "in.jsonl", "--workflow", f"{FLOWS}:chain", *ECHO, "--queue", "my own").output
    assert f"branchwise worker --queue 'my own' --import {FLOWS}" in " ".join(said.split())


def test_a_queue_of_a_workflow_is_emptied_by_a_worker_that_may_import_it(home: Path) -> None:
    (home / "in.jsonl").write_text('{"topic": "tea", "times": 2}\n{"topic": "milk"}\n', encoding="utf-8")
    asked = ("--workflow", f"{FLOWS}:chain", *ECHO, "--effects", "1", "--calls", "9", "--queue", "q")
    ids = good("submit", "in.jsonl", *asked)
    assert good("runs")[0]["spec"]["budget"] == {"calls": 9, "effects": 1}
    worker = ("worker", "--queue", "q", "--until-empty", "--json")
    idle = process(home, *worker)
    assert (idle.returncode, idle.stdout) == (0, "")
    assert {run["status"] for run in good("runs")} == {"queued"}
    done = process(home, *worker, "--import", FLOWS)
    assert done.returncode == 0, done.stderr
    found = {run["id"]: run for run in good("runs")}
    assert [found[one]["status"] for one in ids] == ["paused", "done"]
    assert "budget of effects is spent" in found[ids[0]]["error"]
    assert process(home, *worker, "--import", "nowhere").returncode == 2
    for of_search in (
        ("-k", "n=3"),
        ("--require", "words < 9"),
        ("--task", "game24"),
        ("--strategy", "rebase"),
        ("--policy", "none"),
    ):
        bad = typed("submit", "in.jsonl", "--workflow", f"{FLOWS}:letter", *of_search, *ECHO)
        assert (bad.exit_code, "of a search" in bad.output) == (2, True), bad.output
    assert len(good("runs")) == len(ids)
