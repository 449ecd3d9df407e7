"""Write a stored run as an HTML page."""

from __future__ import annotations

from pathlib import Path

from branchwise.store.errors import BadInput
from branchwise.store.store import Store
from branchwise.ui.exported import exported
from branchwise.ui.record import record


async def write(run_id: str, url: str | None, file: Path) -> None:
    """Write the record of run `run_id` to `file`, as a page that opens from disk and loads nothing.

    Args:
        run_id: The run's id, or a unique part of it.
        url: Database URL.
        file: The page's path.

    Raises:
        BadInput: The file cannot be written.
    """
    async with Store.opened(url) as store:
        run = await store.run(run_id)
        found = await store.database.aread(lambda connection: record(connection, run))
    _save(file, exported(run.id, found))


def _save(file: Path, page: str) -> None:
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"`{file}` cannot be written: {error.strerror}.") from error
