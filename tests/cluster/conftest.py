"""An empty database on the local PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.store.conftest import _database_of


@pytest.fixture
def postgres() -> Iterator[str]:
    """The URL of an empty database."""
    yield from _database_of("postgres")
