"""Import a run that `export` wrote as JSON. The file is untrusted input."""

from __future__ import annotations

import json
from collections.abc import Collection

import sqlalchemy as sa

from branchwise.store import runs
from branchwise.store.database.schema import HEAD
from branchwise.store.database.tables import nodes
from branchwise.store.database.tables import runs as runs_table
from branchwise.store.errors import BadInput, SchemaMismatch, StoreError
from branchwise.store.export import BELONGINGS, FORMAT
from branchwise.store.export_schema import check_nodes, check_row, demands
from branchwise.store.records import Json
from branchwise.store.rows import RunRecord, Status

_OVER = (Status.DONE, Status.FAILED, Status.CANCELLED)
_NOBODYS = {"owner": None, "api_key": None, "lease_until": 0.0}
_WAITS = {"owner": None, "lease_until": 0.0, "queue": None, "wake": None}
"""Columns reset so that workers skip the run: no owner, no queue and no wake time."""


def restore(connection: sa.Connection, text: str, *, trust_code: bool = False) -> RunRecord:
    """Store an exported run and its sub-runs under their own ids.

    An unfinished run is not put into a queue; a queued or running one becomes paused. No worker takes it before a
    user resumes it. A sub-run that was exported by itself becomes a run of its own.

    Args:
        connection: For writing.
        text: The export.
        trust_code: Whether the run may name code to import (`module:function`), a browser to start or variables of
            the environment to type into pages; False for untrusted files.

    Raises:
        BadInput: The text is not an exported run, or names code that is not trusted.
        SchemaMismatch: It was written by another schema revision.
        StoreError: A run of one of the ids is there already.
    """
    document = _read(text)
    family = _family(_rows(document, runs_table))
    for run in family.values():
        if not trust_code and (demand := demands(run)) is not None:
            raise BadInput(
                f"The exported run would {demand} when it is resumed. If you trust its author, say --trust-code."
            )
    belongings = {table: _belonging(document, table, family) for table in BELONGINGS}
    by_run: dict[Json, list[dict[str, Json]]] = {run_id: [] for run_id in family}
    for row in belongings[nodes]:
        by_run[row["run_id"]].append(row)
    for tree in by_run.values():
        check_nodes(tree)
    for run_id, run in family.items():
        if (
            connection.execute(sa.select(runs_table.c.id).where(runs_table.c.id == run_id)).first()
            is not None
        ):
            raise StoreError(f"There is a run `{run_id}` already.")
        connection.execute(sa.insert(runs_table), _at_rest(run))
    for table, rows in belongings.items():
        if rows:
            connection.execute(sa.insert(table), rows)
    return runs.get(connection, next(iter(family)))


def _family(rows: list[dict[str, Json]]) -> dict[str, dict[str, Json]]:
    """The run and its sub-runs by their ids, parents first; the run is part of nothing that is here already.

    Raises:
        BadInput: They are not a run with its sub-runs.
    """
    family: dict[str, dict[str, Json]] = {}
    for row in rows:
        run_id = str(row["id"])
        if not run_id:
            raise BadInput("The exported run has no id.")
        if run_id in family or (family and row["parent"] not in family):
            raise BadInput(f"The exported run `{run_id}` is a duplicate, or not a sub-run of one before it.")
        family[run_id] = row if family else {**row, "parent": None}
    return family


def _at_rest(run: dict[str, Json]) -> dict[str, Json]:
    """The row of an imported run: no owner or lease; not queued and not running."""
    status = Status.PAUSED if run["status"] in {Status.QUEUED, Status.RUNNING} else run["status"]
    waits = {} if status in _OVER else _WAITS
    return {**run, "status": status, **_NOBODYS, **waits}


def _read(text: str) -> dict[str, Json]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"This is not an exported run: {error}.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BadInput("This is not an exported run; `branchwise db export RUN` writes one.")
    if document.get("revision") != HEAD:
        raise SchemaMismatch(
            f"The run was exported at schema revision {str(document.get('revision'))[:20]}, this branchwise needs "
            f"{HEAD}: upgrade the database it came from and export it again."
        )
    return document


def _rows(document: dict[str, Json], table: sa.Table) -> list[dict[str, Json]]:
    rows = document.get(table.name)
    if not isinstance(rows, list) or (table is runs_table and not rows):
        raise BadInput(f"The exported run's `{table.name}` does not have this version's format.")
    return [check_row(table, row) for row in rows]


def _belonging(document: dict[str, Json], table: sa.Table, family: Collection[str]) -> list[dict[str, Json]]:
    """The rows of a table, all of these runs and each of a key of its own."""
    rows = _rows(document, table)
    if any(row["run_id"] not in family for row in rows):
        raise BadInput(f"Rows of `{table.name}` belong to another run.")
    if table.c.get("id") is not None and table.c.id.autoincrement is True:
        return [{name: value for name, value in row.items() if name != "id"} for row in rows]
    if len({tuple(row[column.name] for column in table.primary_key) for row in rows}) < len(rows):
        raise BadInput(f"The exported run's `{table.name}` contains a duplicate row.")
    return rows
