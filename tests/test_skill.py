"""skills/branchwise/SKILL.md is in the form of Agent Skills, and the real command line has what it shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.commands import check, shown

ROOT = Path(__file__).parents[1]
FILE = ROOT / "skills/branchwise/SKILL.md"
SKILL = FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize("words", shown(SKILL), ids=" ".join)
def test_every_command_and_option_is_there(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for word in words:
        if word.endswith((".txt", ".jsonl")):
            (tmp_path / word).touch()  # the files that it reads
    check(words)


def test_a_wrong_option_is_found() -> None:
    with pytest.raises(AssertionError):
        check(["branchwise", "solve", "x", "--no-such-option"])


def test_its_head_is_what_agents_read() -> None:
    _, head, body = SKILL.split("---\n", 2)
    name = re.search(r"^name: ([a-z0-9-]{1,64})$", head, re.MULTILINE)
    assert name is not None
    assert name[1] == FILE.parent.name
    assert 0 < len(" ".join(head.partition("description: >-")[2].split())) <= 1024
    assert body.count("\n") < 200


def test_the_python_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BRANCHWISE_STORE", f"sqlite:///{tmp_path}/runs.sqlite")
    [example] = re.findall(r"^```python\n(.*?)^```$", SKILL, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(example, FILE.name, "exec"), names)
    assert names["result"].run_id in capsys.readouterr().out


def test_agents_md_has_six_lines() -> None:
    assert (ROOT / "AGENTS.md").read_text(encoding="utf-8").count("\n") == 6
