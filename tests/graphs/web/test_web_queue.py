"""A web search in a queue: a worker takes it, within what the worker may import."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest

from branchwise.graphs.runtime.spec import spec_of
from branchwise.graphs.runtime.submit import submit_workflow
from branchwise.graphs.runtime.worker import WorkerLogLine, work
from branchwise.graphs.web.request import input_of
from branchwise.models.uniform import uniform
from branchwise.store.errors import BadInput
from branchwise.store.rows import Status
from branchwise.store.store import Store

EXAMPLES = Path(__file__).parents[3] / "examples"
OPTIONS = {
    "strategy": "best_first",
    "depth": 7,
    "max_pages": 200,
    "samples": 40,
    "value_samples": 0,
    "pick_actions": True,
}


async def test_a_worker_searches_an_environment_that_it_may_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    place = import_module("river").river().name
    given = {
        "goal": "",
        "environment": place,
        "environment_spec": {"name": "river:river"},
        "options": OPTIONS,
    }
    async with Store.opened("sqlite://") as store:
        [queued] = await submit_workflow("web", [given], store=store, model="uniform")
        reports: list[WorkerLogLine] = []
        await work(store=store, model=uniform(), until_empty=True, watch=reports.append)
        assert (await store.run(queued)).status is Status.QUEUED
        assert [report.kind for report in reports] == ["claimed", "left"]
        assert "--import river" in reports[-1].text
        await work(store=store, model=uniform(), until_empty=True, imports=["river"])
        done = await store.run(queued)
        assert (done.status, done.workflow) == (Status.DONE, "web")
        result = cast("dict[str, Any]", done.result)
        assert (result["solved"], len(result["actions"])) == (True, 7)


async def test_a_request_is_stored_whole_and_an_unknown_field_is_named() -> None:
    given = {"goal": "out", "environment": "scripted", "environment_spec": {"name": "scripted"}}
    async with Store.opened("sqlite://") as store:
        options = {"max_tokens": 99, "headers": {"X-Team": "a"}}
        [queued] = await submit_workflow("web", [given], store=store, model="uniform", model_options=options)
        kept = spec_of((await store.run(queued)).spec)
        assert (kept.model_options.max_tokens, dict(kept.model_options.headers)) == (99, {"X-Team": "a"})
        assert input_of(kept).goal == "out"
        with pytest.raises(BadInput, match="no option of the run `gaol`"):
            await submit_workflow("web", [{**given, "gaol": "in"}], store=store, model="uniform")
