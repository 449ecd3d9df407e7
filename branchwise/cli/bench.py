"""`branchwise bench`: evidence from recorded samples."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from branchwise.cli import completing
from branchwise.cli.exits import run

bench = typer.Typer(
    help="Does search pay here, which strategy, at what cost, how sure?", no_args_is_help=True
)
_out = Console(highlight=False)

Data = Annotated[
    Path, typer.Option(envvar="BRANCHWISE_DATA", help="Folder with one folder a log.", show_default=False)
]
Seeds = Annotated[int, typer.Option(min=1, help="How often each half of an instance's samples is played.")]


@bench.callback()
def _bench() -> None:
    """Keep `replay` a word of its own, however many commands there are."""


@bench.command()
def replay(
    data: Data,
    log: Annotated[
        list[str] | None,
        typer.Option(help="Which logs; all where none is named.", autocompletion=completing.logs),
    ] = None,
    seeds: Seeds = 5,
    out: Annotated[
        Path | None, typer.Option(help="Write Markdown, JSON and one page with plots into this folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a report.")] = False,
) -> None:
    """Run every strategy on recorded samples, at no model cost."""
    from branchwise.bench.tables import tables
    from branchwise.bench.terminal import terminal

    async def work() -> None:
        for report in tables(data, only=log or (), seeds=seeds, out=out):
            if as_json:
                typer.echo(report.dumps())
            else:
                terminal(report, _out)

    run(work())
