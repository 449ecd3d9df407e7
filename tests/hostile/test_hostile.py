"""A tenth of the hostile suite: `python -m tests.hostile` is all of it."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from branchwise import tasks
from branchwise.store.records import Constraints
from tests.hostile.replies import UNITS, hostile_reply
from tests.hostile.suite import PROBLEMS

REPLIES = 500
"""A tenth of the suite."""
READ = 2.0
"""Seconds that a task may take to read one reply of 20,000 characters."""


@pytest.mark.usefixtures("walled")
@pytest.mark.timeout(400)
def test_hostile_replies_are_endured() -> None:
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "tests.hostile",
        "--replies",
        str(REPLIES),
        "--fuzz-seconds",
        "0",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]


@pytest.mark.parametrize("name", [name for name in tasks.names() if name != "humaneval"])
def test_a_task_reads_any_reply_in_little_time(name: str) -> None:
    task = tasks.load(name)
    known = task.read_constraints(PROBLEMS.get(name, "What is 6 times 7?")) or Constraints()
    draw = random.Random(name)
    texts = [unit * (20_000 // len(unit)) for unit in UNITS] + [hostile_reply(draw) for _ in range(10)]
    for text in texts:
        began = time.process_time()
        task.is_complete(text)
        task.answer(text)
        task.output_format(known, text, "step")
        if task.check is not None:
            task.check(known, text, True)
            task.check(known, text, False)
        assert time.process_time() - began < READ, (name, text[:20])
