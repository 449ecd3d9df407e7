"""A report on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from branchwise.evals.report import Report


def terminal(report: Report, console: Console) -> None:
    """Print a report with rich."""
    console.rule(escape(report.title), align="left")
    for name, fact in report.facts.items():
        console.print(f"[dim]{escape(name)}[/dim]  {escape(fact)}", highlight=False)
    for table in report.tables:
        console.print(grid(table.title, table.columns, table.rows))
        if table.note:
            console.print(f"[dim]{escape(table.note)}[/dim]", highlight=False)


def grid(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Grid:
    """Lay rows of text out as a table for the terminal."""
    laid = Grid(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD)
    for i, column in enumerate(columns):
        laid.add_column(escape(column), justify="left" if i == 0 else "right", overflow="fold")
    for row in rows:
        laid.add_row(*(escape(cell) for cell in row))
    return laid
