"""`branchwise db`: maintain the database of runs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from branchwise.cli import completing, console
from branchwise.cli.exits import run
from branchwise.cli.options import RunId, StoreUrl

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
    file: Path,
    trust_code: Annotated[
        bool,
        typer.Option(
            "--trust-code",
            help="The run may name code to import (`module:function`), a browser to start, and secrets to use.",
        ),
    ] = False,
    store: StoreUrl = None,
) -> None:
    """Import an exported run under its own id; an unfinished run waits until you resume it."""
    from branchwise.store.errors import BadInput
    from branchwise.store.store import Store

    def read() -> str:
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"`{file}` cannot be read: {error}") from error

    async def work() -> str:
        text = await asyncio.to_thread(read)
        async with Store.opened(store) as opened:
            return (await opened.restore(text, trust_code=trust_code)).id

    console.say(run(work()))


@db.command()
def prune(
    days: Annotated[float, typer.Option(min=0, help="Delete finished runs older than this many days.")],
    store: StoreUrl = None,
) -> None:
    """Delete old runs with all their rows and sub-runs; print their ids as JSON."""
    from branchwise.store.store import Store

    async def work() -> list[str]:
        async with Store.opened(store) as opened:
            return await opened.prune(older_than=days * 86_400)

    print(json.dumps(run(work())))
