"""Commands as a person types them, in a folder and with a store of their own."""

from __future__ import annotations

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
