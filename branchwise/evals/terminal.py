"""A report on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from branchwise.evals.report import Report


def terminal(report: Report, console: Console) -> None:
    """Print a report with rich, on a console whose markup is off."""
    console.print(Text(report.title, style="bold"))
    for name, fact in report.facts.items():
        console.print(Text(name, style="dim").append(f"  {fact}", style="not dim"))
    for table in report.tables:
        console.print(grid(table.title, table.columns, table.rows))
        if table.note:
            console.print(Text(table.note, style="dim"))


def grid(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Grid:
    """Format rows of text as a table for the terminal."""
    laid = Grid(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for i, column in enumerate(columns):
        laid.add_column(column, justify="left" if i == 0 else "right", overflow="fold")
    for row in rows:
        laid.add_row(*row)
    return laid
