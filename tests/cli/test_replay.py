"""`branchwise replay` of a workflow: from its record, without a model, an effect or a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli import flows
from tests.cli.typed import ECHO, FLOWS, branchwise, good


def test_a_workflow_is_replayed_and_a_difference_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("run", f"{FLOWS}:chain", "-i", '{"topic": "tea"}', *ECHO, "--id", "tea")
    assert branchwise(*words).exit_code == 0
    monkeypatch.setattr(flows, "echo", None)
    found = good("replay", "tea")
    assert (found["exact"], found["calls"], found["differences"]) == (True, 3, [])
    monkeypatch.setitem(flows.HELPED, "more", "less on")
    differs = branchwise("replay", "tea")
    assert (differs.exit_code, "differs: call `second/1/second`" in differs.stdout) == (1, True)


def test_a_run_that_waits_is_not_replayed_and_one_that_was_answered_is(home: Path) -> None:
    assert branchwise("run", f"{FLOWS}:letter", "-i", '{"topic": "tea"}', *ECHO, "--id", "tea").exit_code == 4
    early = branchwise("replay", "tea")
    assert (early.exit_code, "branchwise resume tea" in early.output.replace("\n", " ")) == (2, True)
    good("answer", "tea", "true")
    good("resume", "tea")
    assert good("replay", "tea")["exact"]
