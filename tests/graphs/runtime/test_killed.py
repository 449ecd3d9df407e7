"""The example workflows, and LangChain's own agent, killed at every model call, in their effects and in tools."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FLOWS = ("approval", "tools", "retrieval", "nested", "tests.graphs.runtime.agent")


@pytest.mark.crash
def test_a_workflow_killed_anywhere_repeats_no_committed_call(url: str) -> None:
    flows = FLOWS[:1] if url.startswith(("mysql", "mariadb")) else FLOWS
    command = [sys.executable, "-W", "ignore", "-m", "tests.graphs.runtime.killing", url, *flows]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=170, check=False)
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert [report["flow"] for report in reports] == list(flows), done.stderr
    assert not [report for report in reports if report["wrong"]]
    assert sum(report["kills"] for report in reports) >= (15 if flows == FLOWS else 2)


@pytest.mark.crash
def test_a_workflow_killed_inside_a_tool_makes_that_call_again_and_no_other(url: str) -> None:
    flows = {"sqlite": ["dta", "react", "tools"], "postgresql": ["dta"]}.get(
        re.split("[:+]", url)[0], ["react"]
    )
    command = [sys.executable, "-W", "ignore", "-m", "tests.graphs.runtime.killing", url, "--inside", *flows]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=170, check=False)
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert reports == [{"flow": flow, "kills": 1, "wrong": []} for flow in flows], done.stderr


@pytest.mark.parametrize(
    "example", sorted((ROOT / "examples/workflows").glob("*.py")), ids=lambda path: path.stem
)
def test_an_example_is_short(example: Path) -> None:
    assert len(example.read_text(encoding="utf-8").splitlines()) <= 60
