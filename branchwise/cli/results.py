"""`branchwise results`: one row a run, as a table, JSON lines, CSV or Parquet."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from branchwise.cli import completing
from branchwise.cli.console import err, out, visible
from branchwise.cli.exits import refuse, run
from branchwise.cli.options import StoreUrl
from branchwise.cli.rows import COLUMNS, OutputRow, rows, short
from branchwise.store.errors import BadInput

_SHOWN = ("id", "run", "status", "problem", "answer", "verified_by", "right", "tokens", "cost", "why")
_WIDEST = 60
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters that make a spreadsheet read a cell as a formula."""


def results(
    run_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]...", help="Only these runs.", autocompletion=completing.runs),
    ] = None,
    status: Annotated[
        str | None, typer.Option(help="Only runs of this status.", autocompletion=completing.statuses)
    ] = None,
    queue: Annotated[str | None, typer.Option(help="Only runs of this queue.")] = None,
    task: Annotated[
        str | None, typer.Option(help="Only runs of this task.", autocompletion=completing.tasks)
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the newest runs, at most this many.")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Print one JSON object a line.")] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print comma-separated values with a header.")
    ] = False,
    parquet: Annotated[Path | None, typer.Option(help="Write this Parquet file.")] = None,
    store: StoreUrl = None,
) -> None:
    """Print the results of runs, oldest first: problem, answer, verdict, cost, error and why each stopped."""
    if jsonl + as_csv + (parquet is not None) > 1:
        refuse(BadInput("Name one of --jsonl, --csv and --parquet."))
    found = run(rows(run_ids or (), status=status, queue=queue, task=task, limit=limit, url=store))
    if jsonl:
        for row in found:
            print(json.dumps(row))
    elif as_csv:
        _write_csv(found)
    elif parquet is not None:
        _write_parquet(found, parquet)
        err().print(f"wrote {len(found)} rows to {parquet}", soft_wrap=True)
    else:
        _show(found)


def _flat(row: OutputRow) -> OutputRow:
    """The row with values that are not scalars written as JSON."""
    return {name: json.dumps(v) if isinstance(v, Mapping | list) else v for name, v in row.items()}


def _write_csv(found: Sequence[OutputRow]) -> None:
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in found:
        writer.writerow({name: _cell(value) for name, value in _flat(row).items()})


def _cell(value: object) -> object:
    """Escape a text for spreadsheets (formulas) and terminals (control characters)."""
    if not isinstance(value, str):
        return value
    shown = visible(value)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _write_parquet(found: Sequence[OutputRow], path: Path) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        refuse(BadInput("Parquet files need pyarrow: pip install 'branchwise[parquet]'."))
    kinds = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])
    columns = [
        {n: v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for n, v in _flat(row).items()}
        for row in found
    ]
    try:
        pq.write_table(pa.Table.from_pylist(columns, schema=schema), path)
    except OSError as error:
        refuse(BadInput(f"`{path}` cannot be written: {error.strerror or error}."))


def _show(found: Sequence[OutputRow]) -> None:
    shown = [name for name in _SHOWN if name != "id" or any(row["id"] for row in found)]
    table = Table(
        *(Column(name, no_wrap=name in {"run", "status"}) for name in shown), box=None, pad_edge=False
    )
    for row in found:
        table.add_row(*(short(row[name], _WIDEST) for name in shown))
    out().print(table)
