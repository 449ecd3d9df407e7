"""What the shell offers, asked as bash asks: by the environment, of the installed command."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from branchwise.graphs.search.run import solve
from branchwise.models.scripted import scripted

COMMAND = Path(sys.executable).with_name("branchwise")


def offered(line: str, home: Path, **environment: str) -> list[str]:
    words = line.split(" ")
    asked = {
        **{name: value for name, value in os.environ.items() if name != "BRANCHWISE_STORE"},
        "_BRANCHWISE_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "XDG_DATA_HOME": str(home),
        **environment,
    }
    done = subprocess.run([COMMAND], capture_output=True, text=True, check=False, env=asked, timeout=60)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "among"),
    [
        ("branchwise sol", "solve"),
        ("branchwise solve --task cal", "calendar"),
        ("branchwise solve --strategy au", "auto"),
        ("branchwise submit --strategy reb", "rebase"),
        ("branchwise web --strategy best_f", "best_first"),
        ("branchwise web --strategy wa", "walk"),
        ("branchwise runs --status pau", "paused"),
        ("branchwise bench replay --log game", "game24_tot"),
        ("branchwise db export x --as graph", "graphml"),
    ],
)
def test_names_are_offered(line: str, among: str, tmp_path: Path) -> None:
    found = offered(line, tmp_path)
    assert among in found
    assert all(name.startswith(line.rsplit(" ", maxsplit=1)[-1]) for name in found)


def test_runs_are_offered_and_looking_makes_no_database(tmp_path: Path) -> None:
    where = tmp_path / "elsewhere.sqlite"
    assert offered(f"branchwise show --store {where} ", tmp_path) == []
    assert offered("branchwise show ", tmp_path) == []
    assert list(tmp_path.iterdir()) == []
    model = scripted(["Answer: 1"])
    knobs = {"n": 1}
    run = asyncio.run(solve("q", model=model, store=str(where), strategy="best_of_n", knobs=knobs))
    for command in ("show", "resume", "cancel", "fork", "replay", "db export"):
        assert offered(f"branchwise {command} --store {where} ", tmp_path) == ["last", run.run_id]
    assert offered("branchwise show 2", tmp_path, BRANCHWISE_STORE=f"sqlite:///{where}") == [run.run_id]
    (tmp_path / "broken.sqlite").write_text("this is no database")
    assert offered(f"branchwise show --store {tmp_path}/broken.sqlite ", tmp_path) == []
