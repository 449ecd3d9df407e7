"""What of the engine on Ray needs no Ray: sizes, refusals, and batches on the local engine."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.integrations.ray.driver import refuse_file
from branchwise.integrations.ray.sizing import CrewSize, size_of
from branchwise.store.errors import BadInput
from tests.integrations.upstream import upstream

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("runs", "actors"), [(0, 0), (1, 1), (8, 1), (9, 2), (300, 5)])
def test_actors_follow_the_queue(runs: int, actors: int) -> None:
    assert CrewSize(least=0, most=5, concurrency=8).wanted(runs) == actors


@given(st.integers(0, 50), st.integers(1, 50), st.integers(1, 64), st.integers(0, 10**6))
def test_actors_stay_within_bounds(least: int, more: int, concurrency: int, runs: int) -> None:
    size = CrewSize(least=least, most=least + more, concurrency=concurrency)
    wanted = size.wanted(runs)
    assert least <= wanted <= least + more
    assert wanted * concurrency >= min(runs, size.most * concurrency)


@pytest.mark.parametrize("given", [(1, 0, None), (None, None, None), (None, 3, 2), (None, 1, None)])
def test_contradictions_are_refused(given: tuple[int | None, int | None, int | None]) -> None:
    with pytest.raises(BadInput):
        size_of(*given, 4)


def test_a_file_is_not_shared_by_nodes(tmp_path: Path) -> None:
    refuse_file(f"{tmp_path}/runs.sqlite", 1)
    refuse_file("postgresql://localhost/x", 3)
    with pytest.raises(BadInput, match="SQLite file, which the 2 nodes"):
        refuse_file(f"{tmp_path}/runs.sqlite", 2)


def branchwise(*words: str, store: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "BRANCHWISE_STORE": str(store)}
    return subprocess.run(
        [sys.executable, "-m", "branchwise", *words],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        check=False,
        timeout=120,
    )


def test_options_of_ray_need_ray(tmp_path: Path) -> None:
    store = tmp_path / "s.sqlite"
    without = branchwise("worker", "--actors", "2", store=store)
    assert (without.returncode, "--engine ray" in without.stderr) == (2, True)
    unknown = branchwise("worker", "--engine", "rai", store=store)
    assert (unknown.returncode, "ray" in unknown.stderr) == (2, True)
    unsized = branchwise("worker", "--engine", "ray", store=store)
    assert (unsized.returncode, "--actors N" in unsized.stderr) == (2, True)


async def test_a_batch_is_solved_once_and_in_order(tmp_path: Path) -> None:
    problems, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    problems.write_text("".join(f"{json.dumps({'problem': f'p{i}', 'id': str(i)})}\n" for i in range(5)))
    async with upstream() as seen:
        words = ["batch", str(problems), str(out), "--strategy", "best_of_n", "-k", "n=2"]
        words += ["--model", "openai-compatible:m", "--base-url", seen.url]
        done = await asyncio.to_thread(branchwise, *words, store=tmp_path / "s.sqlite")
        assert done.returncode == 0, done.stderr
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        assert [(row["id"], row["status"]) for row in rows] == [(str(i), "done") for i in range(5)]
        asked = len(seen.traces)
        assert (await asyncio.to_thread(branchwise, *words, store=tmp_path / "s.sqlite")).returncode == 2
        out.unlink()
        again = await asyncio.to_thread(branchwise, *words, store=tmp_path / "s.sqlite")
        assert again.returncode == 0, again.stderr
        assert [json.loads(line) for line in out.read_text().splitlines()] == rows
        assert len(seen.traces) == asked > 5
