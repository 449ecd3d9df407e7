"""Tools on the command line: listed, named with --tool, and declared in one's own settings only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SETTINGS = """
[tools.books]
command = ["books-server", "--all"]
allow = ["find*"]

[corpora.notes]
files = ["{folder}/notes.txt"]
folder = "{folder}/index"
about = "Notes about owls."
"""


MINE = r"""
from branchwise.models.scripted import scripted

def twice(x: int) -> int:
    return 2 * x

def write(request, seed):
    if "| The owl" in request.messages[-1].content:
        return "Thought: I see.\nAnswer: by day"
    return 'Thought: look.\nAction: search_notes {"query": "owl"}'

def model():
    return scripted(write)
"""


def branchwise(home: Path, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "branchwise", *arguments],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "BRANCHWISE_STORE": str(home / "runs.sqlite"),
            "XDG_CONFIG_HOME": str(home / "config"),
        },
        check=False,
        timeout=200,
        cwd=home,
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_tools_of_the_settings_are_listed_and_a_search_uses_them(tmp_path: Path) -> None:
    own = tmp_path / "config" / "branchwise"
    own.mkdir(parents=True)
    (own / "branchwise.toml").write_text(SETTINGS.format(folder=tmp_path), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("The owl hunts at night and sleeps by day.", encoding="utf-8")
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    rows = json.loads(branchwise(tmp_path, "tools", "--json").stdout)
    assert {row["name"] for row in rows} >= {"python", "mcp:books", "corpus:notes"}
    assert next(row["about"] for row in rows if row["name"] == "corpus:notes") == "Notes about owls."
    named = ("--tool", "corpus:notes", "--tool", "mine.py:twice", "--strategy", "best_of_n", "-k", "n=2")
    ask = (
        "solve",
        "When does the owl hunt?",
        *named,
        "--model",
        "mine.py:model",
        "-k",
        "verifier=chance",
        "--json",
    )
    done = branchwise(tmp_path, *ask, status=1)
    found = json.loads(done.stdout)
    assert found["answer"] == "by day"
    assert "| The owl hunts at night" in found["text"]


def test_unknown_tools_and_those_of_a_folders_file_are_refused(tmp_path: Path) -> None:
    said = branchwise(tmp_path, "solve", "x", "--tool", "mcp:books", "--model", "uniform", status=2).stderr
    assert "books" in said
    (tmp_path / "branchwise.toml").write_text(SETTINGS.format(folder=tmp_path), encoding="utf-8")
    said = branchwise(tmp_path, "tools", status=2).stderr
    assert "taken only from your own file" in " ".join(said.split())
