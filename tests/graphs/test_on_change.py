"""What a resumed run does when a prompt was edited since a call was recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from branchwise.agents.models.scripted import Scripted, scripted
from branchwise.agents.protocols import Request
from branchwise.graphs.run import resume, solve
from branchwise.graphs.state import Event
from branchwise.store.errors import RequestChanged
from branchwise.store.store import Store


def _write(request: Request, seed: int) -> str:
    asked = request.messages[-1].content
    return "Good.\nScore: 100" if '"Score: "' in asked else "- one constraint\nAnswer: 4"


class PulledPlug(Exception): ...


def _stop(event: Event) -> None:
    if event.kind == "constraints":
        raise PulledPlug


async def _interrupted(folder: Path) -> tuple[str, str, Scripted]:
    """A run whose constraint call is recorded, its prompt edited since."""
    url, prompts = f"sqlite:///{folder}/runs.sqlite", folder / "prompts"
    prompts.mkdir()
    template = prompts / "constraint.md"
    template.write_text("List constraints. {constraint_types}{problem}")
    with pytest.raises(PulledPlug):
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
