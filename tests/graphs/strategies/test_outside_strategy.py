"""The example package, built and installed: a strategy from outside, found by its entry point."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from branchwise.graphs import strategies
from branchwise.store.errors import UnknownName
from branchwise.store.records import ROOT
from branchwise.store.tree import Tree
from tests.graphs.strategies.simulate import World, perfect, search

ROOT_FOLDER = Path(__file__).parents[3]


def command(*words: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    # The build backend looks for its program on the path, where an environment that was not activated is not.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "-m", *words],
        env={**os.environ, "PATH": path, **(env or {})},
        cwd=ROOT_FOLDER,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the example's wheel; nothing is downloaded."""
    source = tmp_path_factory.mktemp("source") / "example"
    shutil.copytree(ROOT_FOLDER / "examples" / "outside_strategy", source)
    target = tmp_path_factory.mktemp("site")
    words = (
        "install",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--target",
        str(target),
        str(source),
    )
    made = command("pip", *words)
    assert made.returncode == 0, made.stderr
    return target


@pytest.fixture
def _installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(site))


@pytest.mark.usefixtures("_installed")
def test_an_installed_package_adds_its_strategy() -> None:
    assert "doubling" in strategies.names()
    assert strategies.load("doubling", most=8)(Tree(), 100) == {ROOT: 1}
    assert strategies.info("doubling").grain == "solution"
    assert "doubling" in {row.name for row in strategies.catalogue()}
    with pytest.raises(UnknownName, match="Did you mean `most`"):
        strategies.load("doubling", mots=8)


@pytest.mark.usefixtures("_installed")
def test_the_outside_strategy_searches() -> None:
    strategy = strategies.load("doubling", most=8)
    counts = {len(search(strategy, World(problem=i, chance=0.2), perfect, budget=100)) - 1 for i in range(40)}
    assert counts == {1, 2, 4, 8}


def test_the_command_line_knows_it_and_runs_it(site: Path, tmp_path: Path) -> None:
    env = {"PYTHONPATH": str(site), "BRANCHWISE_STORE": f"sqlite:///{tmp_path}/runs.sqlite"}
    listed = command("branchwise", "strategies", "--json", env=env)
    assert "doubling" in {row["name"] for row in json.loads(listed.stdout)}
    words = ("4 9 10 13", "--task", "game24", "--model", "uniform", "--strategy", "doubling", "-k", "most=4")
    solved = command("branchwise", "solve", *words, "--json", env=env)
    assert solved.returncode in {0, 1}, solved.stderr
    assert json.loads(solved.stdout)["nodes"] in {1, 2, 4}


def test_without_the_package_its_name_is_unknown() -> None:
    with pytest.raises(UnknownName):
        strategies.load("doubling")
