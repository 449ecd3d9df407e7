"""The store's databases, for commands that work on any of them."""

from __future__ import annotations

from tests.store.conftest import url

__all__ = ["url"]
