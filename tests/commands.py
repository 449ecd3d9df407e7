"""Commands that a page shows: each exists with the arguments and options it is given."""

from __future__ import annotations

import re
import shlex
from typing import Any

from typer.main import get_command

from branchwise.cli.app import app


def shown(text: str) -> list[list[str]]:
    """The words of every line that begins with `$ branchwise`."""
    return [
        shlex.split(line, comments=True) for line in re.findall(r"^\$ (branchwise .*)$", text, re.MULTILINE)
    ]


def check(words: list[str]) -> None:
    """Read a command line as the real one does, without running it."""
    command: Any = get_command(app)
    rest = words[1:]
    while rest and rest[0] in getattr(command, "commands", ()):
        command = command.commands[rest.pop(0)]
    options = {name for option in command.params for name in option.opts}
    assert {word for word in rest if word.startswith("-") and not word[1:2].isdigit()} <= options
    if "--install-completion" not in rest:
        assert command.make_context(words[1], rest).args == []
