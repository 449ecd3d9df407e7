"""Parts of installed packages: read once, and again when a package comes or goes."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path

import pytest

from branchwise.store import parts

GROUP = "branchwise.strategies"


def install(site: Path, name: str) -> None:
    about = site / f"{name}-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Name: {name}\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {name}:run\n")


def test_a_package_that_is_installed_later_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def counted(group: str) -> EntryPoints:
        nonlocal read
        read += 1
        return entry_points(group=group)

    monkeypatch.setattr(parts, "entry_points", counted)
    monkeypatch.setattr(sys, "path", [str(tmp_path), "/nowhere", *sys.path])
    install(tmp_path, "first")
    assert "first" in parts.offered(GROUP)
    for _ in range(10):
        parts.offered(GROUP)
    assert read == 1
    install(tmp_path, "second")
    assert {"first", "second"} <= parts.offered(GROUP)
    (tmp_path / "first-1.dist-info/entry_points.txt").unlink()
    (tmp_path / "first-1.dist-info/METADATA").unlink()
    (tmp_path / "first-1.dist-info").rmdir()
    assert "first" not in parts.offered(GROUP)
    assert read == 3
