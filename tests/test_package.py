"""What is shipped: everything that the package reads at run time, and nothing of the links on top."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HERE = ROOT / "branchwise"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A source distribution, and the wheel that is built from it."""
    out = tmp_path_factory.mktemp("dist")
    sdist = _build("sdist", ROOT, out)
    with tarfile.open(sdist) as archive:
        if hasattr(tarfile, "data_filter"):  # not in Python 3.11.2, Debian 12's
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(out)  # our own archive
    return sdist, _build("wheel", out / sdist.name.removesuffix(".tar.gz"), out)


def _build(what: str, source: Path, out: Path) -> Path:
    code = f"import uv_build, sys; print(uv_build.build_{what}(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(out)]
    # The backend looks for its program on the path, where an environment that was not activated is not.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=source, env={**os.environ, "PATH": path}
    )
    return out / done.stdout.split()[-1]


def test_the_wheel_holds_all_that_is_read_and_no_link(built: tuple[Path, Path]) -> None:
    names = set(zipfile.ZipFile(built[1]).namelist())
    ours = {
        f"branchwise/{p.relative_to(HERE)}" for p in HERE.rglob("*") if p.is_file() and p.suffix != ".pyc"
    }
    assert {name for name in names if ".dist-info/" not in name and not name.endswith("/")} == ours
    assert {name.partition("/")[0] for name in names} == {"branchwise", "branchwise-0.1.0.dist-info"}


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
