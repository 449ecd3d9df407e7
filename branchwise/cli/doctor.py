"""`branchwise doctor`: check the installation and name the commands that fix what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import typer
from rich.table import Table
from rich.text import Text

from branchwise.cli.console import out
from branchwise.cli.exits import Exit
from branchwise.cli.installing import commands
from branchwise.cli.options import AsJson, StoreUrl
from branchwise.store.errors import BranchwiseError

State = Literal["ok", "missing", "broken"]
_STYLES = {"ok": "green", "missing": "yellow", "broken": "red"}


@dataclass(frozen=True, slots=True)
class PartCheck:
    """The result of checking one part."""

    part: str
    state: State
    text: str
    """Details, or what to do."""


def doctor(store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Check this installation: settings, store, models, extras and sandbox. Exit code 3 if a part is broken."""
    found = list(examine(store))
    if as_json:
        print(json.dumps([asdict(one) for one in found]))
    else:
        table = Table("part", "state", "what", box=None, pad_edge=False)
        for one in found:
            table.add_row(one.part, Text(one.state, style=_STYLES[one.state]), one.text)
        out().print(table)
        if steps := commands([one.part for one in found if one.state == "missing"]):
            out().print(Text(f"To install what is missing, each part optional: {' && '.join(steps)}"))
    if any(one.state == "broken" for one in found):
        raise typer.Exit(Exit.FAILED)


def examine(store: str | None) -> Iterator[PartCheck]:
    """Check each part in turn; a part that fails becomes a finding, never an exception."""
    from branchwise.cli import examining

    for part, look in examining.parts(store).items():
        yield _look(part, look)


def _look(part: str, look: Callable[[], tuple[State, str]]) -> PartCheck:
    try:
        return PartCheck(part, *look())
    except BranchwiseError as error:
        return PartCheck(part, "broken", str(error))
    except Exception as error:  # a broken installation may raise anything
        return PartCheck(part, "broken", f"{type(error).__name__}: {error}")
