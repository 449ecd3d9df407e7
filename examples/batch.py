"""Queue many problems and have a worker solve them; any number of workers on any machines may share the store."""

from __future__ import annotations

import asyncio
from pathlib import Path

import branchwise

CALENDAR = sorted((Path(__file__).parent / "calendar").glob("*.txt"))


async def main() -> None:
    """Submit all or none, work until the queue is empty, read the results in the order of the problems."""
    entries = [{"problem": file.read_text(encoding="utf-8"), "id": file.stem} for file in CALENDAR]
    ids = await branchwise.submit(
        entries,
        task="calendar",
        strategy="best_of_n",
        knobs={"n": 64},
        model="uniform",
        budget={"calls": 100},
    )
    ended = await branchwise.work(concurrency=4, until_empty=True)
    print(f"queued {len(ids)}, ended {ended}")
    for file, run_id in zip(CALENDAR, ids, strict=True):
        result = await branchwise.resume(run_id)  # a finished run: its recorded result
        print(f"{file.stem:20} solved {result.solved!s:5} {result.answer or '-'}")


if __name__ == "__main__":
    asyncio.run(main())
