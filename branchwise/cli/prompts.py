"""`branchwise prompts`: list the packaged prompts and copy them for editing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from branchwise.cli.console import out, say
from branchwise.cli.exits import refuse
from branchwise.cli.options import AsJson
from branchwise.store.errors import BadInput, BranchwiseError

prompts = typer.Typer(help="List the agents' prompts, and copy them for editing.", no_args_is_help=True)


@prompts.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the prompts and the blanks of each."""
    from branchwise.agents.prompts import packaged

    found = packaged()
    if as_json:
        print(json.dumps([{"name": name, "blanks": sorted(blanks)} for name, blanks in found.items()]))
        return
    table = Table("prompt", "blanks", box=None, pad_edge=False)
    for name, blanks in found.items():
        table.add_row(name, ", ".join(sorted(blanks)))
    out().print(table)


@prompts.command()
def copy(
    folder: Annotated[Path, typer.Argument(help="Folder of the copies; `--prompts FOLDER` uses them.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Names of prompts; default: all.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="Copy into the subfolder of this task, so that they apply only there.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
) -> None:
    """Copy prompts into a folder for editing."""
    from branchwise.agents.prompts import packaged, packaged_text
    from branchwise.store.errors import UnknownName

    known = packaged()
    try:
        for name in names or ():
            if name not in known:
                raise UnknownName("prompt", name, known)
        for name in names or known:
            path = folder / (task or "") / f"{name}.md"
            if path.exists() and not force:
                raise BadInput(f"`{path}` exists already; --force replaces it.")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(packaged_text(name), encoding="utf-8")
            say(str(path))
    except BranchwiseError as error:
        refuse(error)
    except OSError as error:
        refuse(BadInput(f"`{folder}` cannot be written: {error.strerror}."))
