"""`python -m tests.hostile`: the whole hostile suite, for nightly runs; exits 1 when something was not contained."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from pathlib import Path

from tests.hostile.fuzz import fuzzed
from tests.hostile.suite import run
from tests.hostile.targets import TARGETS, exported

MEMORY = 300 * 2**20
"""Bytes that the process may hold."""


async def fuzz(folder: Path, seconds: float, tries: int, seed: int) -> bool:
    """Fuzz every reader; whether all of them refused with our own errors."""
    await exported(folder)
    whole = True
    for target in TARGETS:
        found = await fuzzed(target, folder, seconds=seconds, tries=tries, seed=seed)
        print(
            f"{target.__name__}: {found.tries} tries, {sum(found.refused.values())} refused, {len(found.raw)} raw",
            flush=True,
        )
        for error, where in found.raw.items():
            print(f"  {error}  ({where})")
        whole = whole and not found.raw
    return whole


def main() -> int:
    """Run it and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--replies", type=int, default=5000)
    parser.add_argument("--fuzz-seconds", type=float, default=30.0)
    parser.add_argument("--fuzz-tries", type=int, default=1000, help="tries of each reader, at least")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())  # libraries quote the hostile texts
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = name
        found = run(asked.replies, folder, seed=asked.seed)
        print(
            f"{found.replies} replies, {found.searches} searches, {sum(found.refused.values())} refused, "
            f"{len(found.raw)} raw exceptions, {len(found.slow)} slow, {found.scores} scores out of range, "
            f"{found.resident / 2**20:.0f} MB",
            flush=True,
        )
        for error, where in found.raw.items():
            print(f"  {error}  ({where})")
        for line in found.slow:
            print(f"  slow: {line}")
        contained = not (found.raw or found.slow or found.scores) and found.resident < MEMORY
        whole = (
            asyncio.run(fuzz(folder, asked.fuzz_seconds, asked.fuzz_tries, asked.seed))
            if asked.fuzz_seconds
            else True
        )
    return 0 if contained and whole else 1


if __name__ == "__main__":
    sys.exit(main())
