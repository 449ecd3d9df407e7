"""Run what takes longer than CI may; reports go to a folder of today's date: python -m benchmarks.nightly [NAME...]."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).parent / "nightly"
PARTS = {
    "clients": ("tests.server.night_clients",),
    "crash": ("tests.crash", "--minutes", "30"),
    "fresh": ("tests.fresh",),
    "hostile": ("tests.hostile",),
    "network": ("tests.crash.network", "--minutes", "5"),
    "outage_away": ("tests.crash.outage", "away"),
    "outage_full": ("tests.crash.outage", "full"),
    "pool_placement": ("benchmarks.pool_placement",),
    "pool_throughput": ("benchmarks.pool_throughput", "zero"),
    "queue_size": ("benchmarks.queue_size",),
    "queue_workers": ("benchmarks.queue_workers", "--runs", "10000"),
    "queue_year": ("benchmarks.queue_year", "--kept", "0", "20000", "100000"),
    "ray": ("tests.integrations.ray",),
    "retrieval_speed": ("benchmarks.retrieval_speed",),
    "server": ("tests.server",),
    "store_flat": ("benchmarks.store_growth", "--nodes", "10000", "100000", "--size", "10240"),
    "store_growth": ("benchmarks.store_growth",),
    "store_ledger": ("benchmarks.store_ledger",),
    "store_parts": ("benchmarks.store_parts", "--postgres"),
    "ui_speed": ("benchmarks.ui_speed",),
}
"""Each part's module and its options."""


def run(name: str, folder: Path) -> tuple[int, float]:
    """Run one part; its output, errors included, goes to `folder/NAME.txt`. Returns exit status and seconds."""
    began = time.monotonic()
    with (folder / f"{name}.txt").open("w", encoding="utf-8") as report:
        done = subprocess.run(
            [sys.executable, "-m", *PARTS[name]], stdout=report, stderr=subprocess.STDOUT, check=False
        )
    return done.returncode, time.monotonic() - began


def main(names: list[str]) -> int:
    """Run the named parts, or all; the exit status is 1 if one of them failed."""
    unknown = set(names) - PARTS.keys()
    if unknown:
        print(f"There is no part {', '.join(sorted(unknown))}; the parts are {', '.join(PARTS)}.")
        return 2
    folder = FOLDER / datetime.now(UTC).strftime("%Y-%m-%d")
    folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    for name in names or PARTS:
        print(f"{name} ...", flush=True)
        status, seconds = run(name, folder)
        failed += status != 0
        print(f"{name}: exit {status}, {seconds / 60:.0f} min, {folder / name}.txt", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
