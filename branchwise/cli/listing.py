"""Listings: `branchwise strategies`, `branchwise tasks`, `branchwise tools`, `branchwise where`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.table import Table

from branchwise.cli import console
from branchwise.cli.exits import run
from branchwise.cli.options import AsJson

if TYPE_CHECKING:
    from branchwise.graphs.strategies import CatalogueEntry


def strategies(as_json: AsJson = False) -> None:
    """List the search strategies: paper, knobs and needs."""
    from branchwise.graphs.strategies import catalogue

    rows = catalogue()
    if as_json:
        print(json.dumps([_strategy(row) for row in rows]))
        return
    table = Table("strategy", "knobs", "needs", "source", box=None, pad_edge=False)
    for row in rows:
        knobs = ", ".join(f"{name}={value}" for name, value in row.knobs.items())
        table.add_row(row.name, knobs, ", ".join(sorted(row.info.needs)), row.info.paper)
    console.out().print(table)


def _strategy(row: CatalogueEntry) -> dict[str, object]:
    info = row.info
    told = {
        "paper": info.paper,
        "grain": info.grain,
        "needs": sorted(info.needs),
        "aggregation": info.aggregation,
        "suits": info.suits,
    }
    return {"name": row.name, "summary": row.summary, "knobs": dict(row.knobs), "info": told}


def tasks(as_json: AsJson = False) -> None:
    """List the tasks and whether a program can check their answers."""
    from branchwise import tasks as all_tasks

    loaded = [all_tasks.load(name) for name in all_tasks.names()]
    if as_json:
        print(
            json.dumps([{"name": t.name, "about": t.about, "checked": t.check is not None} for t in loaded])
        )
        return
    table = Table("task", "checked by", "about", box=None, pad_edge=False)
    for task in loaded:
        table.add_row(task.name, "program" if task.check else "model", task.about)
    console.out().print(table)


def tools(as_json: AsJson = False) -> None:
    """List the tools that steps of a search may call (--tool): built in, installed, and of the settings."""
    from branchwise import tools as all_tools
    from branchwise.cli.configured import settings

    found = settings()
    rows = [(name, all_tools.load(name).spec.description) for name in all_tools.names()]
    rows += [(f"mcp:{name}", one.url or " ".join(one.command)) for name, one in sorted(found.tools.items())]
    rows += [
        (f"corpus:{name}", one.about or ", ".join(one.files)) for name, one in sorted(found.corpora.items())
    ]
    if as_json:
        print(json.dumps([{"name": name, "about": about} for name, about in rows]))
        return
    table = Table("tool", "about", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    console.out().print(table)


def where() -> None:
    """Print the database of runs that is used without --store."""
    from branchwise.store.database.locate import locate

    async def found() -> str:
        return locate(None).render_as_string(hide_password=True)

    console.say(run(found()))
