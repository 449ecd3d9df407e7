"""Kill a web search anywhere: it goes back to its frontier, asks nothing twice, and ends with the same tree."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import cast

import pytest

from branchwise.store.rows import CallState
from branchwise.store.store import Store
from tests.graphs.search.resume_worker import digest

WORKER = Path(__file__).parent / "web_worker.py"


def start(folder: Path, site: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), url(folder), str(folder / "oracle"), site]
    # A group of its own, so that its browser dies with it.
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=WORKER.parents[3], start_new_session=True
    )


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/runs.sqlite"


def sent(folder: Path) -> list[str]:
    oracle = folder / "oracle"
    return oracle.read_text().split() if oracle.exists() else []


async def look(folder: Path) -> tuple[set[str], list[dict[str, object]], dict[str, dict[str, object]]]:
    """Committed calls, the tree, and what came of each node's action."""
    async with Store.opened(url(folder)) as store:
        (run,) = await store.runs()
        calls = await store.calls(run.id)
        done = {digest(call.request) for call in calls if call.state is CallState.DONE}
        arrived = {
            decision.key: cast("dict[str, object]", decision.payload)
            for decision in await store.decisions(run.id)
            if decision.kind == "arrival"
        }
        return done, [asdict(node) for node in await store.nodes(run.id)], arrived


def seen(arrivals: dict[str, dict[str, object]]) -> dict[str, tuple[object, ...]]:
    """What must be the same whatever happened: not the way back, which a resumed run goes anew."""
    return {key: (one["url"], one["fingerprint"], one["failed"]) for key, one in arrivals.items()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, site: str) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("undisturbed")
    out, _ = start(folder, site).communicate(timeout=500)
    assert out
    return folder, out


@pytest.mark.crash
@pytest.mark.parametrize("seed", range(3))
def test_a_killed_search_goes_back_to_its_frontier_and_repeats_no_committed_call(
    tmp_path: Path, site: str, undisturbed: tuple[Path, str], seed: int
) -> None:
    whole, answer = undisturbed
    total = len(sent(whole))
    assert total >= 8
    # Late enough that there is a frontier deeper than the start.
    die_after = random.Random(seed).randrange(2, total)
    process = start(tmp_path, site)
    deadline = time.monotonic() + 400
    while len(sent(tmp_path)) < die_after and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()

    committed, frontier, arrived = asyncio.run(look(tmp_path))
    before = len(sent(tmp_path))
    out, _ = start(tmp_path, site).communicate(timeout=500)

    assert out == answer
    assert not committed & set(sent(tmp_path)[before:])
    done, tree, after = asyncio.run(look(tmp_path))
    assert (done, tree) == asyncio.run(look(whole))[:2]
    assert {node["id"] for node in frontier} <= {node["id"] for node in tree}
    assert {key: after[key] for key in arrived} == arrived
    assert seen(after) == seen(asyncio.run(look(whole))[2])
    assert all(Path(str(one["screenshot"])).is_file() for one in after.values())
    later = [one for key, one in after.items() if key not in arrived]
    assert all(one["failed"] is None for one in later)
    # A new process has no page open: the first one deeper than the start is reached by doing its path anew.
    deep = [key for key in after if key not in arrived and key.count(".") > 1]
    assert not deep or any(one["restored"] == "replay" for one in later)
