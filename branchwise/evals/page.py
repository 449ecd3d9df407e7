"""Reports as one self-contained HTML page with inline SVG plots."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from branchwise.evals.plot import curves, diagonal
from branchwise.evals.report import Report, Table


def page(reports: Sequence[Report]) -> str:
    """Write reports as an HTML page that loads nothing from elsewhere and runs no script."""
    links = "".join(f'<li><a href="#r{i}">{escape(r.title)}</a></li>' for i, r in enumerate(reports))
    body = "".join(_report(i, report) for i, report in enumerate(reports))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>branchwise: evidence</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>Evidence</h1><nav><ul>{links}</ul></nav>{body}</main></body></html>\n"
    )


def _report(i: int, report: Report) -> str:
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in report.facts.items())
    plots = [curves(report.curves)] if report.curves else []
    plots += [diagonal(name, found) for name, found in report.reliability.items()]
    tables = "".join(_table(table) for table in report.tables)
    return (
        f'<section id="r{i}"><h2>{escape(report.title)}</h2><dl>{facts}</dl>'
        f'<div class="plots">{"".join(plots)}</div>{tables}</section>'
    )


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    rows = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(c)}</td>" for c in row[1:])
        + "</tr>"
        for row in table.rows
    )
    note = f"<p>{escape(table.note)}</p>" if table.note else ""
    return (
        f'<h3>{escape(table.title)}</h3><div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{note}"
    )


_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--dim:#5d6670;--line:#d5dae0}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ec;--paper:#14171a;--dim:#9aa4ae;--line:#333a41}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0}
main{max-width:60rem;margin:0 auto;padding:1rem}
h2{margin-top:3rem;border-top:1px solid var(--line);padding-top:1rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;font-size:.85rem}
dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem}
th,td{padding:.25rem .7rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child{text-align:left;font-weight:normal}thead th{color:var(--dim);font-weight:600}
td{font-variant-numeric:tabular-nums}.plots{display:flex;flex-wrap:wrap;gap:1rem}
svg{max-width:100%;height:auto;font:12px system-ui,sans-serif;fill:var(--ink)}
"""
