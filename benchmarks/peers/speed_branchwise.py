"""Branchwise whole: graph, ledger, program as verifier, SQLite on disk.

Arguments: URL INSTANCES N.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile

from turns import questions, reward, take_turns

from branchwise import solve
from branchwise.models.pool import Pool
from branchwise.models.protocol import OutputFormat
from branchwise.store.records import Constraints, Verdict, VerifiedBy
from branchwise.store.store import Store
from branchwise.tasks.task import Task


def rewarded() -> Task:
    """A task whose program scores every answer and accepts none, so that all samples are drawn and judged."""

    def check(constraints: Constraints, text: str, complete: bool) -> Verdict:
        return Verdict(
            score=reward(text),
            accepted=False,
            feedback="",
            verified_by=VerifiedBy.PROGRAM,
            verifier="program",
        )

    return Task(
        name="rewarded",
        about="",
        instructions="{problem}",
        read_constraints=lambda problem: Constraints(source="program"),
        output_format=lambda constraints, text, grain: OutputFormat(max_tokens=64),
        check=check,
    )


async def _all(store: Store, pool: Pool, asked: list[str], n: int) -> int:
    results = await asyncio.gather(
        *(
            solve(
                problem,
                task=f"{__name__}:rewarded",
                strategy="best_of_n",
                knobs={"n": n},
                model=pool,
                store=store,
                seed=number,
            )
            for number, problem in enumerate(asked)
        )
    )
    assert all(result.text and result.nodes == n for result in results)
    return len(results)


def main() -> None:
    """Take turns with one open store and one open pool, as a service has them."""
    base, count, width = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with asyncio.Runner() as runner, tempfile.TemporaryDirectory() as folder:
        opening = Store.opened(f"sqlite:///{folder}/runs.sqlite")
        store = runner.run(opening.__aenter__())
        pool = Pool.attach([base])
        take_turns(
            lambda salt: runner.run(_all(store, pool, questions(count, salt), width)),
            ["branchwise", "langgraph", "sqlalchemy", "aiohttp"],
        )
        runner.run(pool.aclose())
        runner.run(opening.__aexit__(None, None, None))


if __name__ == "__main__":
    main()
