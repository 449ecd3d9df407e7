"""The store's databases, for tests of whole runs."""

from __future__ import annotations

from tests.store.conftest import lite, sqlite_url, store, url

__all__ = ["lite", "sqlite_url", "store", "url"]
