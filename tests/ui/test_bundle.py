"""The built page: small, of this source, with its libraries' licences, and asking nobody else."""

from __future__ import annotations

import filecmp
import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE, BUILT = ROOT / "branchwise/ui/source", ROOT / "branchwise/ui/static"


def test_it_is_small() -> None:
    size = sum(len(gzip.compress(path.read_bytes(), 9)) for path in BUILT.iterdir())
    assert size <= 150_000


def test_it_names_no_other_host() -> None:
    """Addresses in it are names of XML languages, and those of its libraries' licences."""
    for path in BUILT.iterdir():
        if path.suffix != ".md":
            found = set(re.findall(r"https?://[\w.-]+", path.read_text(encoding="utf-8")))
            assert found <= {"http://www.w3.org"}, path


def test_each_library_in_it_has_its_licence() -> None:
    said = (BUILT / "licences.md").read_text(encoding="utf-8")
    for name in ("preact", "@preact/signals", "d3-hierarchy", "d3-zoom", "d3-selection"):
        assert f"## {name} - " in said


@pytest.mark.timeout(60)
def test_it_is_what_the_source_gives(tmp_path: Path) -> None:
    vite = SOURCE / "node_modules/.bin/vite"
    if not vite.exists() or shutil.which("node") is None:
        if os.environ.get("CI"):
            pytest.fail("`make ui` fetches what the page is built with.")
        pytest.skip("Node is not there, or `make ui` has not fetched what the page is built with")
    build = [str(vite), "build", "--outDir", str(tmp_path / "built")]
    done = subprocess.run(build, cwd=SOURCE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in BUILT.iterdir())
    assert sorted(path.name for path in (tmp_path / "built").iterdir()) == names
    same, _, _ = filecmp.cmpfiles(BUILT, tmp_path / "built", names, shallow=False)
    assert same == names, "run `make ui`"


@pytest.mark.timeout(60)
def test_its_types_are_right() -> None:
    tsc = SOURCE / "node_modules/.bin/tsc"
    if not tsc.exists() or shutil.which("node") is None:
        pytest.skip("Node is not there, or `make ui` has not fetched what the page is built with")
    done = subprocess.run([str(tsc), "--noEmit"], cwd=SOURCE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
