"""The store's databases."""

from __future__ import annotations

from tests.store.conftest import url

__all__ = ["url"]
