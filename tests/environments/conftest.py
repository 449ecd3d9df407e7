"""A Chromium for the tests of this room."""

import os
from pathlib import Path

import pytest

from branchwise.environments.browser.chromium import chromium
from branchwise.store.errors import EnvironmentFailed


@pytest.fixture(scope="session")
def executable() -> Path:
    """The browser's file; a machine without one skips, continuous integration fails."""
    try:
        return chromium()
    except EnvironmentFailed as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
