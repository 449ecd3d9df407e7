"""Each script of the gallery is short, runs as a person runs it, and prints what stands beside it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from branchwise.models import load
from branchwise.store.errors import ModelError

EXAMPLES = Path(__file__).parents[1] / "examples"
OUTPUTS = sorted(EXAMPLES.rglob("*.out"))
EMBEDDED = {"hello", "approval", "serve_openai"}
"""Scripts that ask the embedded model and skip without it. What it writes differs between machines."""
_VARIES = re.compile(r"^(text|answer|question|tokens|run): .*", re.MULTILINE)


def name(path: Path) -> str:
    return path.stem


@pytest.mark.embedded
@pytest.mark.parametrize("output", OUTPUTS, ids=name)
def test_it_prints_what_stands_beside_it(output: Path, tmp_path: Path) -> None:
    if output.stem in EMBEDDED and not os.environ.get("CI"):
        try:
            load("embedded")
        except ModelError as error:
            pytest.skip(str(error))
    done = subprocess.run(
        [sys.executable, output.with_suffix(".py")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "BRANCHWISE_STORE": str(tmp_path / "runs.sqlite")},
    )
    assert done.returncode == 0, done.stderr
    printed, shown = done.stdout, output.read_text(encoding="utf-8")
    if output.stem in EMBEDDED:
        printed, shown = _VARIES.sub(r"\1", printed), _VARIES.sub(r"\1", shown)
    assert printed == shown


@pytest.mark.parametrize("output", OUTPUTS, ids=name)
def test_it_has_at_most_60_lines(output: Path) -> None:
    assert output.with_suffix(".py").read_text(encoding="utf-8").count("\n") <= 60


def test_the_gallery_lists_each() -> None:
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for output in OUTPUTS:
        assert f"]({output.with_suffix('.py').relative_to(EXAMPLES)})" in page
        assert f"]({output.relative_to(EXAMPLES)})" in page
    for target in re.findall(r"\]\(([^)]+)\)", page):
        assert (EXAMPLES / target).exists(), target
