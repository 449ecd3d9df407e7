"""The server's tests with more of each, for the night: python -m tests.server."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

MORE = {"BRANCHWISE_FUZZ": "10000", "BRANCHWISE_KILLS": "20", "BRANCHWISE_LONG": "130"}
"""Fuzzed requests, kills of a server in mid-request, seconds of a silent stream."""

if __name__ == "__main__":
    os.environ.update(MORE)
    print(
        "python -m tests.server with",
        ", ".join(f"{name}={value}" for name, value in MORE.items()),
        flush=True,
    )
    options = ["-q", "-rs", "--durations=12", "-o", "timeout=1800"]
    sys.exit(pytest.main([str(Path(__file__).parent), *options]))
