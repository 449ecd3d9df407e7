"""Hostile replies through whole searches: every task with every strategy, in one process, as a worker has them."""

from __future__ import annotations

import asyncio
import random
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice, product
from pathlib import Path

from branchwise import tasks
from branchwise.graphs import strategies
from branchwise.graphs.search.run import solve
from branchwise.graphs.search.state import Options
from branchwise.models.protocol import Sample, SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.errors import BranchwiseError
from branchwise.store.records import Budget
from branchwise.store.store import Store
from tests.hostile.replies import hostile_reply
from tests.tasks import test_calendar, test_humaneval, test_meeting, test_procedure, test_trip

CALLS = 12
"""Model calls of one search."""
SLOWEST = 30.0
"""Seconds that one search may take; sandboxed programs that run into their limit take three each."""
PROBLEMS = {
    "blocksworld": "Now: a is on the table, b is on c, c is on the table.\nGoal: c is on b, a is on c.",
    "calendar": test_calendar.PROBLEM,
    "game24": "4 7 8 9",
    "humaneval": test_humaneval.PROBLEM,
    "ifeval": "Write a poem in English. Do not use commas.",
    "meeting": test_meeting.PROBLEM,
    "procedure": test_procedure.PROBLEM,
    "trip": test_trip.PROBLEM,
}
"""A problem of each task; any question does for the others."""


@dataclass
class Endured:
    """What came of the replies."""

    replies: int = 0
    searches: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    raw: dict[str, str] = field(default_factory=dict)
    """Exceptions that are not ours, each with the search that shows it."""
    slow: list[str] = field(default_factory=list)
    scores: int = 0
    """Nodes whose score lies outside [0, 1], which there should be none of."""
    resident: int = 0
    """Most bytes of memory that this process has held."""


def pairs(seed: int) -> list[tuple[str, str]]:
    """Every task with every strategy, in a drawn order."""
    every = list(product(tasks.names(), strategies.names()))
    random.Random(seed).shuffle(every)
    return every


async def endure(replies: int, folder: Path, *, seed: int = 0) -> Endured:
    """Search with hostile replies until so many were given, each pair of task and strategy in turn."""
    found, turn = Endured(), 0
    async with Store.opened(f"sqlite:///{folder}/hostile.sqlite") as store:
        while found.replies < replies:
            for task, strategy in islice(pairs(seed), len(pairs(seed))):
                if found.replies >= replies:
                    break
                await _search(store, found, task, strategy, f"{seed}/{turn}/{task}/{strategy}")
            turn += 1
    found.resident = peak()
    return found


def peak() -> int:
    """Most bytes of memory that this process has held.

    Linux lets a process inherit `ru_maxrss` of the one that forked it, so there the peak of this address space is read.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return held if sys.platform == "darwin" else held * 1024
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


async def _search(store: Store, found: Endured, task: str, strategy: str, name: str) -> None:
    def write(request: SampleRequest, seed: int) -> Sample:
        found.replies += 1
        draw = random.Random(f"{name}/{seed}/{len(request.messages[-1].content)}")
        text = hostile_reply(draw)
        return Sample(text=text, tokens=max(1, len(text) // 4), finish=draw.choice(("stop", "length")))

    began = time.monotonic()
    found.searches += 1
    options = Options(verifier=random.Random(name).choice(("auto", "auto", "llm")))
    try:
        result = await solve(
            PROBLEMS.get(task, "What is 6 times 7?"),
            task=task,
            strategy=strategy,
            model=scripted(write),
            store=store,
            budget=Budget(calls=CALLS),
            options=options,
        )
        scores = [node.score for node in await store.nodes(result.run_id) if node.score is not None]
        found.scores += sum(not 0 <= score <= 1 for score in scores)
    except BranchwiseError as error:
        found.refused[type(error).__name__] += 1
    except Exception as error:
        found.raw.setdefault(f"{type(error).__name__}: {str(error)[:90]}", name)
    if (took := time.monotonic() - began) > SLOWEST:
        found.slow.append(f"{name}: {took:.0f} s")


def run(replies: int, folder: Path, *, seed: int = 0) -> Endured:
    """`endure` in an event loop of its own."""
    return asyncio.run(endure(replies, folder, seed=seed))
