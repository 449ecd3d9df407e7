"""The store's databases, for commands that work on any of them; Ctrl-C for the programs that tests start."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.store.conftest import url

__all__ = ["url"]


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    """Hear Ctrl-C: what a shell runs in the background ignores it, and so would the programs that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
