"""Shell completion: names in this installation and runs in the store."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from branchwise.store.rows import RunRecord

_NEWEST = 50


def strategies(incomplete: str) -> list[str]:
    """Strategies for one kind of search only."""
    from branchwise.graphs import strategies as all_strategies

    return _begun(incomplete, *all_strategies.names())


def strategies_or_walk(incomplete: str) -> list[str]:
    """Strategies, and "walk" for pages."""
    return _begun(incomplete, "walk") + strategies(incomplete)


def strategies_or_auto(incomplete: str) -> list[str]:
    """Strategies, and "auto" for the planner's choice."""
    return _begun(incomplete, "auto") + strategies(incomplete)


def tasks(incomplete: str) -> list[str]:
    """Tasks."""
    from branchwise import tasks as all_tasks

    return _begun(incomplete, *all_tasks.names())


def logs(incomplete: str) -> list[str]:
    """Logs of recorded samples."""
    from branchwise.evals import logs as all_logs

    return _begun(incomplete, *all_logs.names())


def pools(incomplete: str) -> list[str]:
    """Running pools."""
    from branchwise.models.pool import registry as state

    return _begun(incomplete, *state.names())


def statuses(incomplete: str) -> list[str]:
    """States of a run."""
    from branchwise.store.rows import Status

    return _begun(incomplete, *Status)


def forms(incomplete: str) -> list[str]:
    """Forms of an exported run."""
    from typing import get_args

    from branchwise.store.export import Form

    return _begun(incomplete, *get_args(Form))


def exports(incomplete: str) -> list[str]:
    """Forms that `branchwise export` writes."""
    from branchwise.cli.export import FORMATS

    return _begun(incomplete, *FORMATS)


def runs(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The newest runs of the store on the command line; none if it cannot be read."""
    from branchwise.store.errors import BranchwiseError

    try:
        found = asyncio.run(_newest(ctx.params.get("store")))
    except (BranchwiseError, OSError):
        return []
    known = [(run.id, f"{run.status}, {run.task}, {run.strategy}") for run in found]
    offered = [("last", "the newest"), *known] if known else []
    return [(name, words) for name, words in offered if name.startswith(incomplete)]


async def _newest(url: str | None) -> list[RunRecord]:
    from branchwise.store.store import Store

    if not _is_there(url):
        return []
    async with Store.opened(url) as store:
        return await store.runs(limit=_NEWEST)


def _is_there(url: str | None) -> bool:
    """Whether the database exists, so that opening it does not create it."""
    from sqlalchemy import make_url

    from branchwise.store.database.dialects import file_of
    from branchwise.store.database.locate import default_path

    given = url or os.environ.get("BRANCHWISE_STORE") or str(default_path())
    if "://" not in given:
        return Path(given).expanduser().is_file()
    file = file_of(make_url(given))
    return file is None or file.is_file()


def _begun(incomplete: str, *names: str) -> list[str]:
    return [str(name) for name in names if name.startswith(incomplete)]
