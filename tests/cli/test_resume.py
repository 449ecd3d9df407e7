"""`branchwise resume`: more of a budget, and every call checked against the record."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from branchwise.cli import importing
from branchwise.cli.solving import how_to_resume
from tests.cli import flows
from tests.cli.typed import ECHO, FLOWS, branchwise, good

CHAIN = ("run", f"{FLOWS}:chain", "-i", '{"topic": "tea", "times": 2}', *ECHO, "--id", "tea")


def test_more_tokens_and_effects_go_on_where_they_ended(home: Path) -> None:
    assert branchwise(*CHAIN, "--tokens", "20").exit_code == 3
    assert "is spent" in branchwise("resume", "tea", "--tokens", "1").output
    assert branchwise("resume", "tea", "--tokens", "1000", "--effects", "1").exit_code == 3
    done = good("resume", "tea", "--effects", "1")
    assert done["output"]["noted"] == ["noted 0", "noted 1"]
    calls = good("show", "tea")["calls"]
    assert sorted(call["key"] for call in calls if call["state"] == "done") == [
        "first/1/first",
        "note/1/note/0",
        "note/1/note/1",
        "second/1/second",
    ]


def test_from_the_start_finds_what_a_helper_has_changed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert branchwise(*CHAIN, "--effects", "1").exit_code == 3
    monkeypatch.setitem(flows.HELPED, "more", "less on")
    assert branchwise("resume", "tea", "--effects", "1", "--from-start", "--on-change", "fail").exit_code == 3
    changed = branchwise("resume", "tea", "--from-start")
    assert "`second/1/second` was recorded with another request" in changed.output.replace("\n", " ")
    done = good("resume", "tea", "--effects", "5", "--from-start", "--on-change", "fork")
    assert done["output"]["said"][1] == "less on about tea.."


def test_a_web_run_that_waits_takes_an_answer_and_a_budget(home: Path) -> None:
    words = (
        "--depth",
        "2",
        "--max-pages",
        "4",
        "--samples",
        "8",
        "--value-samples",
        "0",
        "--model",
        "uniform",
    )
    asks = branchwise(
        "web", "find the cellar", "--environment", "scripted", "--pick-actions", *words, "--json"
    )
    assert asks.exit_code == 4, asks.output
    [run] = good("runs")
    assert run["status"] == "waiting"
    ended = branchwise("resume", run["id"], "--no", "--calls", "50", "--effects", "9", "--json")
    assert ended.exit_code in {0, 1, 4}, ended.output
    [again] = good("runs")
    spent = good("show", run["id"])
    acted = sum(one["payload"]["steps"] for one in spent["decisions"] if one["kind"] == "arrival")
    budget = again["spec"]["budget"]
    assert budget["calls"] >= 50
    assert 9 < budget["effects"] <= 9 + acted


GRAPH = """
from typing import TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

from branchwise import Run


class State(TypedDict, total=False):
    sure: bool


async def ask(state: State, runtime: Runtime[Run]) -> State:
    return {"sure": await runtime.context.ask("sure", "Sure?", answer=bool)}


graph = StateGraph(State, context_schema=Run)
graph.add_node("ask", ask)
graph.add_edge(START, "ask")
"""


def test_a_file_of_another_folder_is_imported_again(home: Path, tmp_path: Path) -> None:
    flow = tmp_path / "my flows" / "sure_flow.py"
    flow.parent.mkdir()
    flow.write_text(GRAPH)

    def typed(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "branchwise", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)

    assert typed("run", f"{flow}:graph", "--model", "uniform", "--id", "sure").returncode == 4
    assert typed("answer", "sure", "true").returncode == 0
    lost = typed("resume", "sure")
    assert lost.returncode == 2
    assert "--import FILE.py" in lost.stderr.replace("\n", " ")
    assert json.loads(typed("resume", "sure", "--import", str(flow)).stdout) == {"sure": True}
    assert typed("replay", "sure", "--import", str(flow)).returncode == 0


def test_the_command_that_goes_on_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = tmp_path / "my flow" / "sure.py"
    flow.parent.mkdir()
    flow.touch()
    monkeypatch.setattr(importing, "_named", [])
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert importing.importable(f"{flow}:graph") == "sure:graph"
    assert how_to_resume("r", None).endswith(f"branchwise resume r --import '{flow}'")


def test_a_file_with_the_name_of_another_module_is_refused(home: Path, tmp_path: Path) -> None:
    for name in ("json.py", "sys.py"):
        (tmp_path / name).write_text(GRAPH)
        refused = branchwise("run", f"{tmp_path / name}:graph", *ECHO)
        assert refused.exit_code == 2
        assert "rename the file" in refused.output.replace("\n", " ")
