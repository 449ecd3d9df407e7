"""Kill a run anywhere: it resumes, repeats no committed call, and ends as if nothing had happened."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest
import sqlalchemy as sa

from branchwise.graphs.search.run import resume, solve
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.database.checkpoint_tables import lg_checkpoints
from branchwise.store.rows import CallState
from branchwise.store.store import Store
from tests.graphs.search.resume_worker import PROBLEM, _write, digest

WORKER = Path(__file__).parent / "resume_worker.py"


def start(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), url(folder), str(folder / "oracle")]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=WORKER.parents[3])


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/runs.sqlite"


def sent(folder: Path) -> list[str]:
    oracle = folder / "oracle"
    return oracle.read_text().split() if oracle.exists() else []


async def look(folder: Path) -> tuple[set[str], list[dict[str, object]], str]:
    """Committed calls, the tree, and the run's state."""
    async with Store.opened(url(folder)) as store:
        runs = await store.runs()
        if not runs:
            return set(), [], "none"
        calls = await store.calls(runs[0].id)
        done = {digest(call.request) for call in calls if call.state is CallState.DONE}
        return done, [asdict(node) for node in await store.nodes(runs[0].id)], runs[0].status


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("undisturbed")
    out, _ = start(folder).communicate(timeout=300)
    assert out
    return folder, out


@pytest.mark.crash
@pytest.mark.parametrize("seed", range(4))  # `make crash` tries hundreds
def test_a_killed_run_repeats_no_committed_call(
    tmp_path: Path, undisturbed: tuple[Path, str], seed: int
) -> None:
    whole, answer = undisturbed
    total = len(sent(whole))
    assert total >= 40
    die_after = random.Random(seed).randrange(total)
    process = start(tmp_path)
    deadline = time.monotonic() + 120
    while len(sent(tmp_path)) <= die_after and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    committed, _, status = asyncio.run(look(tmp_path))
    before = len(sent(tmp_path))
    assert status in {"running", "done"}
    out, _ = start(tmp_path).communicate(timeout=300)

    assert out == answer
    assert not committed & set(sent(tmp_path)[before:])
    done, tree, status = asyncio.run(look(tmp_path))
    assert status == "done"
    assert (done, tree) == asyncio.run(look(whole))[:2]


class PulledError(Exception):
    """The plug was."""


@pytest.mark.parametrize("strategy", ["step_beam", "rebase"])
async def test_a_run_that_ends_at_any_call_grows_the_same_tree(strategy: str) -> None:
    """Killed, as it were, but in one process, so that many points can be tried."""
    left = 0

    def write(request: SampleRequest, seed: int) -> str:
        nonlocal left
        left -= 1
        if left == 0:
            raise PulledError
        return _write(request, seed)

    async with Store.opened("sqlite://") as store:
        calm = await solve(PROBLEM, model=scripted(_write), store=store, strategy=strategy, seed=2)
        tree, many = list(await store.nodes(calm.run_id)), calm.usage.samples
        assert many > 30
        for passed in range(1, many, 3):
            left = passed
            with pytest.raises(PulledError):
                await solve(PROBLEM, model=scripted(write), store=store, strategy=strategy, seed=2)
            # An exception leaves a checkpoint, a kill none.
            await store.database.awrite(
                lambda connection: connection.execute(sa.delete(lg_checkpoints)) and None
            )
            run = (await store.runs(status="paused"))[0]
            result = await resume(run.id, store=store, model=scripted(_write))
            assert (result.answer, result.score) == (calm.answer, calm.score)
            assert list(await store.nodes(run.id)) == tree
