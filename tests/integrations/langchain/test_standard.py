"""ChatBranchwise passes LangChain's standard tests."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def test_langchains_standard_unit_tests_pass() -> None:
    pytest.importorskip("langchain_tests")
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(HERE / "standard.ini"), "--rootdir", str(HERE)]
    done = subprocess.run(
        [*command, str(HERE / "standard.py")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=HERE.parents[2],
    )
    assert done.returncode == 0, done.stdout[-3000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= 8, done.stdout
