"""Write a stored run as an HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from branchwise.cli.viewer.page import render
from branchwise.graphs.web.viewer_data import extras
from branchwise.store.errors import BadInput
from branchwise.store.records import Json
from branchwise.store.store import Store


async def write(run_id: str, url: str | None, file: Path) -> None:
    """Write the tree of run `run_id` to `file`.

    Args:
        run_id: The run's id, or a unique part of it.
        url: Database URL.
        file: The page's path.

    Raises:
        BadInput: The file cannot be written.
    """
    async with Store.opened(url) as store:
        run = await store.run(run_id)
        tree = await store.nodes(run.id)
        more = extras(await store.decisions(run.id), await store.calls(run.id))
    spec = run.spec if isinstance(run.spec, Mapping) else {}
    result = run.result if isinstance(run.result, Mapping) else {}
    shown: dict[str, Json] = {
        "id": run.id,
        "problem": spec.get("problem") or spec.get("goal"),
        "status": str(run.status),
        "task": run.task,
        "strategy": run.strategy,
        "model": run.model,
        "answer": result.get("answer"),
        "reason": result.get("reason"),
    }
    _save(file, render(shown, list(tree), more))


def _save(file: Path, page: str) -> None:
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"`{file}` cannot be written: {error.strerror}.") from error
