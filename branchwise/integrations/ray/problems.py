"""Ray Data: solve a column of problems; a row that Ray computes again costs nothing a second time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any

from branchwise.graphs.search.run import solve
from branchwise.store.errors import LeaseLost
from branchwise.store.json_text import to_json
from branchwise.store.store import Store

_POLL = 0.5


def map_problems(
    dataset: Any,
    *,
    store: str,
    column: str = "problem",
    key: str | None = None,
    concurrency: int = 2,
    batch_size: int = 16,
    num_cpus: float = 0.25,
    **search: Any,
) -> Any:
    """Add the columns `run`, `answer`, `score` and `verified_by` to a dataset of problems.

    A row's run has an id that follows from its key, so that a task that Ray repeats finds the run that it has begun.

    Args:
        dataset: A `ray.data.Dataset`.
        store: URL of the runs' database, which every node reaches.
        column: The column of problems.
        key: A column of names that differ by row; by default equal problems are one run.
        concurrency: Number of actors.
        batch_size: Problems that an actor works on at once.
        num_cpus: CPUs of an actor.
        **search: Other arguments of `branchwise.solve`, as plain data.
    """
    return dataset.map_batches(
        ProblemSolver,
        fn_constructor_kwargs={"store": store, "column": column, "key": key, "search": search},
        concurrency=concurrency,
        batch_size=batch_size,
        num_cpus=num_cpus,
    )


class ProblemSolver:
    """Solves batches of problems in an actor of Ray Data."""

    def __init__(self, store: str, column: str, key: str | None, search: Mapping[str, Any]) -> None:
        self._store, self._column = store, column
        self._key, self._search = key, dict(search)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Solve the problems of a batch."""
        problems = [str(one) for one in batch[self._column]]
        keys = problems if self._key is None else [str(one) for one in batch[self._key]]
        found = asyncio.run(self._all(problems, keys))
        names = ("run", "answer", "score", "verified_by")
        return {**batch, **{name: [row[i] for row in found] for i, name in enumerate(names)}}

    async def _all(self, problems: list[str], keys: list[str]) -> list[tuple[Any, ...]]:
        async with Store.opened(self._store) as store:
            return await asyncio.gather(
                *(self._one(store, problem, key) for problem, key in zip(problems, keys, strict=True))
            )

    async def _one(self, store: Store, problem: str, key: str) -> tuple[Any, ...]:
        asked = to_json([key, problem, {name: str(value) for name, value in self._search.items()}])
        run_id = f"ray-{hashlib.sha256(asked.encode()).hexdigest()[:40]}"
        while True:
            try:
                found = await solve(problem, store=store, run_id=run_id, **self._search)
                return (run_id, found.answer, found.score, str(found.verified_by))
            except LeaseLost:  # an earlier attempt at this row still works: it ends, or its lease does
                await asyncio.sleep(_POLL)
