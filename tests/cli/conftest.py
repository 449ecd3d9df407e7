"""The store's databases, for commands that work on any of them; Ctrl-C for the programs that tests start."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.conftest import url

__all__ = ["url"]


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    """Hear Ctrl-C: what a shell runs in the background ignores it, and so would the programs that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own, with a store in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("BRANCHWISE_STORE", f"sqlite:///{tmp_path}/runs.sqlite")
    return tmp_path
