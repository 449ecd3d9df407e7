"""What a resumed run does when a prompt was edited since a call was recorded."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from branchwise.graphs.runtime.replay import replay
from branchwise.graphs.runtime.worker import work
from branchwise.graphs.search.run import resume, solve
from branchwise.graphs.search.state import SearchEvent
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.database.tables import runs
from branchwise.store.errors import CodeFailed, RequestChanged
from branchwise.store.rows import Status
from branchwise.store.store import Store


def _write(request: SampleRequest, seed: int) -> str:
    asked = request.messages[-1].content
    return "Good.\nScore: 100" if '"Score: "' in asked else "- one constraint\nAnswer: 4"


class PulledPlug(Exception): ...


def _stop(event: SearchEvent) -> None:
    if event.kind == "constraints":
        raise PulledPlug


async def _interrupted(folder: Path) -> tuple[str, str, Scripted]:
    """A run whose constraint call is recorded, its prompt edited since."""
    url, prompts = f"sqlite:///{folder}/runs.sqlite", folder / "prompts"
    prompts.mkdir()
    template = prompts / "constraint.md"
    template.write_text("List constraints. {constraint_types}{problem}")
    with pytest.raises(CodeFailed):
        await solve("2 + 2?", model=scripted(_write), store=url, prompts=prompts, watch=_stop)
    template.write_text("List all constraints. {constraint_types}{problem}")
    async with Store.opened(url) as store:
        return url, (await store.runs())[0].id, scripted(_write)


async def test_by_default_the_change_is_refused(tmp_path: Path) -> None:
    url, run, model = await _interrupted(tmp_path)
    with pytest.raises(RequestChanged, match="--on-change"):
        await resume(run, store=url, model=model)
    assert model.calls == 0


@pytest.mark.parametrize(("on_change", "asked_again"), [("accept", False), ("fork", True)])
async def test_the_change_is_accepted_or_called_anew(
    tmp_path: Path, on_change: str, asked_again: bool
) -> None:
    url, run, model = await _interrupted(tmp_path)
    result = await resume(run, store=url, model=model, on_change=on_change)  # type: ignore[arg-type]
    assert result.solved
    assert any("List all" in request.messages[-1].content for request in model.requests) == asked_again
    async with Store.opened(url) as store:
        attempts = [call for call in await store.calls(run) if call.key == "t0/constraints"]
        again = await replay(run, store=store)
    assert [call.attempt for call in attempts] == ([1, 2] if asked_again else [1])
    # Both attempts of a call that was made anew are on the bill; an accepted one is named by a replay as changed.
    assert result.usage.calls == model.calls + 1
    assert [(one.what, one.key) for one in again.differences] == (
        [] if asked_again else [("call", "t0/constraints")]
    )


async def test_a_worker_follows_the_policy_that_the_run_was_made_with(tmp_path: Path) -> None:
    url, run, model = await _interrupted(tmp_path)
    async with Store.opened(url) as store:
        for on_change, status in (("fail", Status.FAILED), ("fork", Status.DONE)):
            await store.database.awrite(
                lambda c, policy=on_change: c.execute(  # type: ignore[misc]
                    sa.update(runs).values(status=Status.QUEUED, queue="default", on_change=policy)
                )
            )
            await work(store=store, model=model, until_empty=True)
            ended = await store.run(run)
            assert (ended.status, "--on-change" in (ended.error or "")) == (status, on_change == "fail")
