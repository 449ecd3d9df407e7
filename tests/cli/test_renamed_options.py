"""Options of version 0.1: a command that is given one names the new one."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from branchwise.cli.app import app


@pytest.mark.parametrize(
    ("command", "new"),
    [
        (["web", "x", "--url", "http://localhost:1", "--look"], "--vision"),
        (["web", "x", "--states=3"], "--max-pages"),
        (["web", "x", "--free"], "--write-actions"),
        (["resume", "last", "--allow"], "--auto-approve"),
    ],
)
def test_an_old_option_names_the_new_one(command: list[str], new: str) -> None:
    told = CliRunner().invoke(app, command)
    assert told.exit_code == 2
    assert f"is now `{new}`" in told.output
