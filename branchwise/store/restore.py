"""Take back a run that `export` wrote as JSON. The file may be a stranger's: nothing in it is trusted."""

from __future__ import annotations

import json

import sqlalchemy as sa

from branchwise.store import runs
from branchwise.store.database.schema import HEAD
from branchwise.store.database.tables import nodes
from branchwise.store.database.tables import runs as runs_table
from branchwise.store.errors import BadInput, SchemaMismatch, StoreError
from branchwise.store.export import BELONGINGS, FORMAT
from branchwise.store.export_schema import check_nodes, check_row, code_named
from branchwise.store.records import Json
from branchwise.store.rows import RunRecord, Status

_OVER = (Status.DONE, Status.FAILED, Status.CANCELLED)
_WAITS = {"owner": None, "lease_until": 0.0, "queue": None, "wake": None}
"""What keeps workers away from a run: nobody holds it, it is in no queue and goes on at no time."""


def restore(connection: sa.Connection, text: str, *, trust_code: bool = False) -> RunRecord:
    """Store an exported run under its own id.

    One that was not over is in no queue, and paused where it was queued or running: no worker takes it before a
    person resumes it.

    Args:
        connection: For writing.
        text: The export.
        trust_code: Whether the run may name code to import (`module:function`); one from a stranger should not.

    Raises:
        BadInput: The text is no exported run, or names code that is not trusted.
        SchemaMismatch: It was written by another schema revision.
        StoreError: A run of that id is there already.
    """
    document = _read(text)
    [run] = _rows(document, runs_table)
    if not run["id"]:
        raise BadInput("The exported run has no id.")
    if not trust_code and (code := code_named(run)) is not None:
        raise BadInput(
            f"The exported run would import `{code[:80]}` when it is resumed. Where you trust whoever wrote it, say "
            "--trust-code."
        )
    belongings = {table: _belonging(document, table, run["id"]) for table in BELONGINGS}
    check_nodes(belongings[nodes])
    if connection.execute(sa.select(runs_table.c.id).where(runs_table.c.id == run["id"])).first() is not None:
        raise StoreError(f"There is a run `{run['id']}` already.")
    if run["status"] in {Status.QUEUED, Status.RUNNING}:  # nobody here has asked for it to be worked on
        run = {**run, "status": Status.PAUSED}
    waits = {} if run["status"] in _OVER else _WAITS
    connection.execute(sa.insert(runs_table), {**run, "owner": None, "lease_until": 0.0, **waits})
    for table, rows in belongings.items():
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
            f"The run was exported at schema revision {str(document.get('revision'))[:20]}, this branchwise needs "
            f"{HEAD}: upgrade the database it came from and export it again."
        )
    return document


def _rows(document: dict[str, Json], table: sa.Table) -> list[dict[str, Json]]:
    rows = document.get(table.name)
    if not isinstance(rows, list) or (table is runs_table and len(rows) != 1):
        raise BadInput(f"The exported run's `{table.name}` is not as this branchwise writes it.")
    return [check_row(table, row) for row in rows]


def _belonging(document: dict[str, Json], table: sa.Table, run_id: Json) -> list[dict[str, Json]]:
    """The rows of a table, all of this run and each of a key of its own."""
    rows = _rows(document, table)
    if any(row["run_id"] != run_id for row in rows):
        raise BadInput(f"Rows of `{table.name}` belong to another run.")
    if table.c.get("id") is not None and table.c.id.autoincrement is True:
        return [{name: value for name, value in row.items() if name != "id"} for row in rows]
    if len({tuple(row[column.name] for column in table.primary_key) for row in rows}) < len(rows):
        raise BadInput(f"The exported run's `{table.name}` names a row twice.")
    return rows
