"""A report as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from branchwise.evals.report import Report, Table


def markdown(report: Report) -> str:
    """Write a report as Markdown text."""
    return "\n".join(_lines(report)).rstrip() + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# {report.title}"
    yield ""
    for name, fact in report.facts.items():
        yield f"- {name}: {fact}"
    for table in report.tables:
        yield from ("", f"## {table.title}", "")
        yield from _table(table)
        if table.note:
            yield from ("", table.note)


def _table(table: Table) -> Iterator[str]:
    yield _line(table.columns)
    yield _line(("---", *("---:" for _ in table.columns[1:])))
    for row in table.rows:
        yield _line(row)


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
