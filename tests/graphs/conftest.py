"""The store's databases, for tests of whole runs."""

from __future__ import annotations

from tests.store.conftest import store, url

__all__ = ["store", "url"]
