"""Commands as a person types them, in a folder and with a store of their own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from branchwise.cli.app import app

FLOWS = "tests.cli.flows"
ECHO = ("--model", f"{FLOWS}:echo")
ROOT = Path(__file__).parents[2]


def branchwise(*words: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, list(words))


def completed(
    *words: str, store: str | Path | None = None, stdin: str = "", **environment: str | None
) -> subprocess.CompletedProcess[str]:
    """Run a command in this process, with all that `subprocess.run` would tell of it; a start costs a second."""
    given = {**({} if store is None else {"BRANCHWISE_STORE": str(store)}), **environment}
    with contextlib.chdir(ROOT):
        done = CliRunner().invoke(app, list(words), input=stdin, env=given)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


def good(*words: str) -> Any:
    """The JSON of a command that succeeds."""
    done = branchwise(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def process(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own that stands in `folder`."""
    return subprocess.run(
        [sys.executable, "-m", "branchwise", *words],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "BRANCHWISE_STORE": f"sqlite:///{folder}/runs.sqlite",
        },
        check=False,
        timeout=120,
        cwd=folder,
    )
