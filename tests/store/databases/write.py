"""Write a database as this revision's code does, before the next one: python -m tests.store.databases.write.

It holds a run that is done and one that was interrupted; `test_upgrade.py` upgrades it ever after.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import suppress
from pathlib import Path

from branchwise.graphs.search.run import solve
from branchwise.graphs.search.state import Options, SearchEvent
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.database.schema import HEAD
from branchwise.store.errors import BranchwiseError
from branchwise.store.store import Store

HERE = Path(__file__).parent
PROBLEM = "What is the answer?"


class PulledError(BranchwiseError):
    """The plug was."""


def write(request: SampleRequest, seed: int) -> str:
    """Three plans, of which none is good enough."""
    judging = '"Score: "' in request.messages[-1].content
    return "It could be better.\nScore: 40" if judging else f"It is {seed % 97}.\nAnswer: {seed % 97}"


async def _written(path: Path) -> None:
    left = 5

    def pull(_event: SearchEvent) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise PulledError

    async with Store.opened(str(path)) as store:
        for seed, watch in ((3, lambda _event: None), (4, pull)):
            with suppress(PulledError):
                await solve(
                    PROBLEM,
                    model=scripted(write),
                    store=store,
                    strategy="best_of_n",
                    knobs={"n": 3},
                    seed=seed,
                    options=Options(trials=1),
                    watch=watch,
                )


def main() -> None:
    """Write the dump."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.sqlite"
        asyncio.run(_written(path))
        with sqlite3.connect(path) as connection:
            lines = "\n".join(connection.iterdump())
        connection.close()
    (HERE / f"{HEAD}.sql").write_text(f"{lines}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
