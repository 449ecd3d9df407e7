"""The demo's workflow is killed between its steps and repeats nothing when it is resumed."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_the_killed_workflow_of_the_demo_repeats_no_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.setenv("BRANCHWISE_STORE", f"sqlite:///{tmp_path}/runs.sqlite")
    demo = importlib.import_module("demo")
    assert demo._killed_and_resumed() == []
    assert "steps so far: first second" in capfd.readouterr().out
    assert len(demo.PROBLEMS) == 5
