"""`branchwise show`: a workflow's calls by their places, followed to the end, and its graph."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.typed import ECHO, FLOWS, branchwise, process


def test_a_run_is_shown_by_its_places_and_followed_to_its_end(home: Path) -> None:
    assert branchwise("run", f"{FLOWS}:chain", "-i", '{"topic": "tea"}', *ECHO, "--id", "tea").exit_code == 0
    shown = branchwise("show", "tea").stdout
    for text in ("first", "second", "note/0" if "note/0" in shown else "0: action", "output:"):
        assert text in shown
    followed = branchwise("show", "tea", "--follow").stdout.splitlines()
    assert [line.partition(":")[0] for line in followed[:-1]] == [
        "tea first/1/first",
        "tea second/1/second",
        "tea note/1/note/0",
    ]
    assert followed[-1] == "tea done"
    lines = [json.loads(line) for line in branchwise("show", "tea", "--follow", "--json").stdout.splitlines()]
    assert [line.get("key") for line in lines[:-1]] == ["first/1/first", "second/1/second", "note/1/note/0"]
    assert lines[-1]["status"] == "done"


def test_its_graph_is_mermaid(home: Path) -> None:
    assert branchwise("run", f"{FLOWS}:chain", "-i", '{"topic": "tea"}', *ECHO, "--id", "tea").exit_code == 0
    drawn = branchwise("show", "tea", "--graph").stdout
    assert drawn.startswith("---\nconfig:")
    assert "first --> second;" in drawn


def test_a_follower_waits_for_a_worker_and_says_what_the_run_asks(home: Path) -> None:
    submitted = branchwise("run", f"{FLOWS}:letter", "-i", '{"topic": "tea"}', *ECHO, "--queue", "q")
    run_id = submitted.stdout.strip()
    worker = ("worker", "--queue", "q", "--until-empty", "--import", FLOWS)
    assert process(home, *worker).returncode == 0
    assert (
        branchwise("show", run_id, "--follow")
        .stdout.splitlines()[-1]
        .startswith(f"{run_id} waiting; approve/1/approve asks:")
    )
