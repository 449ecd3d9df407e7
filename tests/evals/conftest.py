import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("no deadline", deadline=None)  # a busy machine is no failure
settings.load_profile("no deadline")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real logs; where it is absent the test skips, but never in CI."""
    here = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("BRANCHWISE_DATA", here))
    if not (folder / "humaneval_codegen16b").is_dir():
        message = f"No recorded samples in `{folder}`; set BRANCHWISE_DATA."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder
