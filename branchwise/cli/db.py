"""`branchwise db`: maintain the database of runs."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Annotated

import typer

from branchwise.cli import completing, console
from branchwise.cli.exits import refuse, run
from branchwise.cli.options import RunId, StoreUrl
from branchwise.store.errors import BadInput

_AGE = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)([smhdw])")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
db = typer.Typer(help="Upgrade, prune, export and import runs.", no_args_is_help=True)
_err = console.err()


@db.command()
def upgrade(store: StoreUrl = None) -> None:
    """Upgrade the database to this version's schema."""
    from branchwise.store.database.upgrade import upgrade as bring

    async def work() -> tuple[str | None, str]:
        return bring(store)

    before, after = run(work())
    _err.print("up to date" if before == after else f"upgraded from {before or 'nothing'} to {after}")


@db.command("export")
def export_run(
    run_id: RunId,
    form: Annotated[
        str,
        typer.Option(
            "--as", help="json (complete), node-link, graphml or dot.", autocompletion=completing.forms
        ),
    ] = "json",
    store: StoreUrl = None,
) -> None:
    """Print a run; JSON holds its sub-runs too and can be imported elsewhere."""
    from branchwise.cli.showing import find_run
    from branchwise.store.export import Form
    from branchwise.store.store import Store

    found = run(find_run(run_id, store))

    async def work() -> str:
        async with Store.opened(store) as opened:
            return await opened.export(found.id, _form(form))

    def _form(name: str) -> Form:
        return name  # type: ignore[return-value]  # the store refuses unknown forms with the nearest name

    console.say(run(work()))


@db.command("import")
def import_run(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Exports or archives of runs.")],
    trust_code: Annotated[
        bool,
        typer.Option(
            "--trust-code",
            help="The run may name code to import (`module:function`), a browser to start, and secrets to use.",
        ),
    ] = False,
    store: StoreUrl = None,
) -> None:
    """Import exported or archived runs under their own ids; an unfinished run waits until you resume it."""
    from branchwise.store.archive import read_archive
    from branchwise.store.store import Store

    async def work() -> None:
        for file in files:
            text = await asyncio.to_thread(read_archive, file)
            async with Store.opened(store) as opened:
                console.say((await opened.restore(text, trust_code=trust_code)).id)

    run(work())


Older = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Runs older than this: 90s, 30m, 12h, 30d or 8w."),
]


@db.command()
def prune(
    older: Older = None,
    days: Annotated[float | None, typer.Option(min=0, help="The same in days.")] = None,
    keep_answers: Annotated[
        bool, typer.Option("--keep-answers", help="Keep request, answer and costs of runs that are done.")
    ] = False,
    keep_rows: Annotated[
        bool, typer.Option("--keep-rows", help="Delete only what LangGraph needs to resume them.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Delete nothing; print what would be.")] = False,
    store: StoreUrl = None,
) -> None:
    """Delete old runs that are over with all their rows and sub-runs; print their ids as JSON."""
    from branchwise.store.prune import Keep
    from branchwise.store.store import Store

    seconds = _age(older, days)
    if keep_answers and keep_rows:
        refuse(BadInput("--keep-answers and --keep-rows exclude each other."))
    kept: dict[tuple[bool, bool], Keep] = {(True, False): "answers", (False, True): "rows"}
    keep = kept.get((keep_answers, keep_rows), "nothing")

    async def work() -> list[str]:
        async with Store.opened(store) as opened:
            return await opened.prune(older_than=seconds, keep=keep, try_only=dry_run)

    print(json.dumps(run(work())))


@db.command()
def archive(
    folder: Annotated[Path, typer.Argument(help="Where the files go; one a run, named for it.")],
    older: Older = None,
    days: Annotated[float | None, typer.Option(min=0, help="The same in days.")] = None,
    store: StoreUrl = None,
) -> None:
    """Move old runs that are over into compressed files; `db import` brings them back."""
    from branchwise.store.archive import archive as move
    from branchwise.store.store import Store

    seconds = _age(older, days)

    async def work() -> list[Path]:
        async with Store.opened(store) as opened:
            return await move(opened, folder, older_than=seconds)

    for path in run(work()):
        console.say(str(path))


def _age(older: str | None, days: float | None) -> float:
    found = _AGE.fullmatch(older or "")
    if (older is None) == (days is None) or (older is not None and found is None):
        refuse(BadInput("Say how old the runs are: --older 30d (s, m, h, d or w)."))
    return float(found[1]) * _UNITS[found[2]] if found is not None else (days or 0.0) * 86_400
