"""Where the benchmark data of the tests is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("no deadline", deadline=None)  # a busy machine is no failure
settings.load_profile("no deadline")


@pytest.fixture(scope="session")
def data() -> Path:
    """The data folder; without it the test is skipped, or fails in CI."""
    named = os.environ.get("BRANCHWISE_DATA")
    folder = Path(named) if named else Path(__file__).parents[3] / "shared" / "data"
    if not folder.is_dir():
        absent = f"no benchmark data at {folder}; set BRANCHWISE_DATA"
        if os.environ.get("CI") == "true":
            pytest.fail(absent)
        pytest.skip(absent)
    return folder
