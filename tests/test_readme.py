"""README.md holds: its example runs as written, its commands and options exist, its links lead somewhere."""

from __future__ import annotations

import ast
import inspect
import os
import re
from pathlib import Path
from typing import Any

import pytest

import branchwise
from branchwise.cli.exits import Exit
from branchwise.models import load
from branchwise.models.scripted import scripted
from branchwise.store.errors import ModelError
from tests.commands import check, shown

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TYPED_IN = "tutorials"  # tests/test_tutorials.py types these commands in
COMMANDS = [
    words
    for page in PAGES
    if page.parent.name != TYPED_IN
    for words in shown(page.read_text(encoding="utf-8"))
]


@pytest.mark.embedded
async def test_the_example_runs_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        await load("embedded").aclose()
    except ModelError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    monkeypatch.setenv("BRANCHWISE_STORE", f"sqlite:///{tmp_path}/runs.sqlite")
    [example] = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    problem = (ROOT / "examples/calendar/two_people.txt").read_text(encoding="utf-8")
    names: dict[str, Any] = {"problem": problem, "problems": [problem]}
    done = eval(compile(example, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    assert inspect.isawaitable(done)
    await done
    assert names["result"].verified_by == "program"
    assert names["result"].usage.tokens <= 20_000
    assert capsys.readouterr().out.rstrip().endswith("program")
    assert len(names["ids"]) == 1


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_and_option_is_there(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for word in words:
        if Path(word).suffix in {".txt", ".jsonl", ".toml"}:  # the files that it reads
            Path(word).parent.mkdir(parents=True, exist_ok=True)
            Path(word).touch()
    check(words)


def test_every_exit_code_is_documented() -> None:
    page = (ROOT / "docs/exit-codes.md").read_text(encoding="utf-8")
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    assert told == {int(code) for code in Exit}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.name}")
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), target


async def test_the_workflow_waits_is_answered_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [code] = re.findall(r"^```py\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    (tmp_path / "letter.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    model, store = scripted(["Come!"]), f"sqlite:///{tmp_path}/runs.sqlite"
    waiting = await branchwise.run("letter:graph", model=model, store=store)
    assert [one.question for one in waiting.waiting] == [{"send?": "Come!"}]
    await branchwise.answer(waiting.run_id, True, store=store)
    ended = await branchwise.resume(waiting.run_id, model=model, store=store)
    assert ended.output["approved"] is True
    assert model.calls == 1
