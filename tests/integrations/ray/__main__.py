"""Run the tests on a real Ray in their own environment: python -m tests.integrations.ray."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.exit(subprocess.run(["make", "test-ray"], cwd=Path(__file__).parents[3], check=False).returncode)
