"""The notebooks run from the first cell to the last, and print what they are about."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[1] / "examples/notebooks"
EXECUTE = """
import sys, jupytext, nbclient
notebook = jupytext.read(sys.argv[1])
nbclient.NotebookClient(notebook, timeout=100, kernel_name="python3").execute()
jupytext.write(notebook, sys.argv[2], fmt="ipynb")
"""
PRINTED = {
    "first_search": ["verified by: program", "<b>run ", "depth_first"],
    "own_workflow": [
        "Once a fox came",
        "'good': False",
        "could not swim, and that was the story.'} | model calls: 1",
    ],
    "questions_in_sql": ["ended: 2", "'status': 'done', 'runs':", "'accepted':"],
}


@pytest.mark.parametrize("name", PRINTED)
def test_it_runs_and_prints(name: str, tmp_path: Path) -> None:
    made = tmp_path / f"{name}.ipynb"
    command = [sys.executable, "-c", EXECUTE, str(NOTEBOOKS / f"{name}.py"), str(made)]
    environment = {**os.environ, "HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path / "ipython")}
    subprocess.run(command, cwd=tmp_path, check=True, env=environment)
    cells = json.loads(made.read_text(encoding="utf-8"))["cells"]
    shown = json.dumps([cell.get("outputs") for cell in cells])
    for text in PRINTED[name]:
        assert text in shown


def test_every_notebook_is_run() -> None:
    assert {path.stem for path in NOTEBOOKS.glob("*.py")} == set(PRINTED)
    assert not list(NOTEBOOKS.glob("*.ipynb"))
