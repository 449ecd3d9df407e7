"""Requirements in a search: step by step too, and again when a run is resumed elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

import branchwise
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.records import VerifiedBy
from branchwise.store.store import Store


@pytest.mark.parametrize("strategy", ["tree_of_thoughts", "best_of_n"])
async def test_a_text_is_whole_when_the_model_adds_nothing_to_its_last_paragraph(strategy: str) -> None:
    model = scripted(["Tea is good.", ""] * 20)
    result = await branchwise.solve(
        "Write.", require=["contains=tea"], model=model, strategy=strategy, store="sqlite://"
    )
    assert (result.solved, result.answer) == (True, "Tea is good.")
    assert result.verified_by is VerifiedBy.PROGRAM


async def test_what_is_wrong_is_told_to_the_next_attempt() -> None:
    def improves(request: SampleRequest, seed: int) -> str:
        told = 'it lacks "tea"' in request.messages[0].content
        return "Tea is good." if told else "Coffee is good."

    model = scripted(improves)
    result = await branchwise.solve(
        "Write.", require=["contains=tea"], model=model, strategy="sequential_revision", store="sqlite://"
    )
    assert (result.answer, model.calls) == ("Tea is good.", 2)


async def test_a_queued_run_is_judged_by_its_stored_requirements(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.sqlite"
    asked = {"problem": "Pick.", "require": ["pattern=[0-9]"], "id": "mine", "expected": "5"}
    (run_id,) = await branchwise.submit(
        [asked], store=url, model="uniform", strategy="best_of_n", knobs={"n": 1}
    )
    await branchwise.work(store=url, until_empty=True)
    async with Store.opened(url) as store:
        run = await store.run(run_id)
    assert isinstance(run.result, dict)
    assert (run.result["solved"], run.result["verified_by"]) == (True, "program")
    assert isinstance(run.spec, dict)
    assert (run.spec["id"], run.spec["expected"]) == ("mine", "5")
