"""Take back a run that `export` wrote as JSON."""

from __future__ import annotations

import json

import sqlalchemy as sa

from branchwise.store import runs
from branchwise.store.database.schema import HEAD
from branchwise.store.database.tables import runs as runs_table
from branchwise.store.errors import BadInput, SchemaMismatch, StoreError
from branchwise.store.export import BELONGINGS, FORMAT
from branchwise.store.records import Json
from branchwise.store.rows import RunRecord, Status


def restore(connection: sa.Connection, text: str) -> RunRecord:
    """Store an exported run under its own id; one that was running or queued waits to be resumed by its name.

    Raises:
        BadInput: The text is no exported run.
        SchemaMismatch: It was written by another schema revision.
        StoreError: A run of that id is there already.
    """
    document = _read(text)
    [run] = _rows(document, runs_table)
    if connection.execute(sa.select(runs_table.c.id).where(runs_table.c.id == run["id"])).first() is not None:
        raise StoreError(f"There is a run `{run['id']}` already.")
    if run["status"] in {Status.RUNNING, Status.QUEUED}:  # nobody here has asked for it to be worked on
        run = {**run, "status": Status.PAUSED}
    connection.execute(sa.insert(runs_table), {**run, "owner": None, "lease_until": 0.0})
    for table in BELONGINGS:
        rows = _rows(document, table)
        if any(row["run_id"] != run["id"] for row in rows):
            raise BadInput(f"Rows of `{table.name}` belong to another run.")
        if table.c.get("id") is not None and table.c.id.autoincrement is True:
            rows = [{name: value for name, value in row.items() if name != "id"} for row in rows]
        if rows:
            connection.execute(sa.insert(table), rows)
    return runs.get(connection, str(run["id"]))


def _read(text: str) -> dict[str, Json]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"This is no exported run: {error}.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BadInput("This is no exported run; `branchwise db export RUN` writes one.")
    if document.get("revision") != HEAD:
        raise SchemaMismatch(
            f"The run was exported at schema revision {document.get('revision')}, this branchwise needs {HEAD}: "
            "upgrade the database it came from and export it again."
        )
    return document


def _rows(document: dict[str, Json], table: sa.Table) -> list[dict[str, Json]]:
    rows = document.get(table.name)
    names = set(table.c.keys())
    fits = isinstance(rows, list) and all(isinstance(row, dict) and set(row) == names for row in rows)
    if not isinstance(rows, list) or not fits or (table is runs_table and len(rows) != 1):
        raise BadInput(f"The exported run's `{table.name}` is not as this branchwise writes it.")
    return [dict(row) for row in rows if isinstance(row, dict)]
