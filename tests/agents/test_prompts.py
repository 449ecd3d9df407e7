"""Whose prompt is used: the user's for the task, the user's for all, the package's."""

from __future__ import annotations

from pathlib import Path

import pytest

from branchwise.agents.prompts import Prompts, fill
from branchwise.graphs.search.run import solve
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadInput


def test_the_nearest_prompt_is_used(tmp_path: Path) -> None:
    prompts, packaged = Prompts(folder=tmp_path), Prompts().load("verifiers/llm", "text")
    assert prompts.load("verifiers/llm", "text") == packaged
    (tmp_path / "verifiers").mkdir()
    (tmp_path / "verifiers/llm.md").write_text("for all {plan}")
    assert prompts.load("verifiers/llm", "text") == "for all {plan}"
    (tmp_path / "text/verifiers").mkdir(parents=True)
    (tmp_path / "text/verifiers/llm.md").write_text("for text {plan}")
    assert prompts.load("verifiers/llm", "text") == "for text {plan}"
    assert prompts.load("verifiers/llm", "trip") == "for all {plan}"


async def test_a_run_asks_with_the_users_prompt(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text/constraint.md").write_text("What must hold? {problem}")
    model = scripted(["Answer: 4"])
    await solve(
        "2 + 2", model=model, strategy="best_of_n", knobs={"n": 1}, prompts=tmp_path, store="sqlite://"
    )
    assert model.requests[0].messages[0].content == "What must hold? 2 + 2"


async def test_a_folder_or_a_blank_that_is_not_there_is_refused(tmp_path: Path) -> None:
    model = scripted(["Answer: 4"])
    with pytest.raises(BadInput, match="does not exist"):
        await solve("2 + 2", model=model, prompts=tmp_path / "nowhere", store="sqlite://")
    assert model.calls == 0
    with pytest.raises(BadInput, match=r"\{plam\}.*known blanks: plan"):
        fill("Judge {plam}.", plan="it")
    assert fill("Judge {plan}.", plan="{plam}") == "Judge {plam}."
