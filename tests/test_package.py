"""What is shipped: everything that the package reads at run time, and nothing of the links on top."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.distributions import build, main

ROOT = Path(__file__).parents[1]
HERE = ROOT / "branchwise"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A source distribution, and the wheel that is built from it."""
    return build(tmp_path_factory.mktemp("dist"))


def test_the_wheel_holds_all_that_is_read_and_no_link(built: tuple[Path, Path]) -> None:
    names = set(zipfile.ZipFile(built[1]).namelist())
    ours = {
        f"branchwise/{p.relative_to(HERE)}"
        for p in HERE.rglob("*")
        if p.is_file() and p.suffix != ".pyc" and not p.is_relative_to(HERE / "ui/source")
    }
    assert {name for name in names if ".dist-info/" not in name and not name.endswith("/")} == ours
    assert {name.partition("/")[0] for name in names} == {"branchwise", f"branchwise-{VERSION}.dist-info"}


def test_the_source_distribution_holds_no_link(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[0]) as archive:
        members = archive.getmembers()
    top = {member.name.split("/")[1] for member in members if "/" in member.name}
    assert not top & {"agents", "graphs", "store"}
    assert not any(member.issym() or member.islnk() for member in members)


def test_the_installed_wheel_solves(built: tuple[Path, Path], tmp_path: Path) -> None:
    """Beside the dependencies of this environment; `-I` keeps the checkout out of the way."""
    target, problem = tmp_path / "installed", tmp_path / "problem.txt"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        str(target),
        str(built[1]),
    ]
    subprocess.run(install, check=True, capture_output=True)
    shutil.copy(ROOT / "examples/calendar/two_people.txt", problem)
    code = (
        f"import sys; sys.path.insert(0, {str(target)!r}); import branchwise; print(branchwise.__file__);"
        "from branchwise.cli import main; main()"
    )
    ask = ["solve", "-f", str(problem), "--task", "calendar", "--model", "uniform"]
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, *ask],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "BRANCHWISE_STORE": str(tmp_path / "runs.sqlite")},
    )
    assert done.stdout.startswith(str(target))
    assert done.returncode in {0, 1}, done.stderr
    assert "a program checked it" in done.stdout


def test_a_tag_that_is_not_the_version_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "dist"), "v9.9.9"]) == 2
    assert f"is not v{VERSION}" in capsys.readouterr().err
    assert not (tmp_path / "dist").exists()
