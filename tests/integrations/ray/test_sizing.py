"""What of the engine on Ray needs no Ray: sizes, refusals, and batches on the local engine."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from benchmarks import fake_server
from branchwise.cli.app import app
from branchwise.integrations.ray.driver import refuse_file
from branchwise.integrations.ray.sizing import CrewSize, size_of
from branchwise.store.errors import BadInput

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


def branchwise(*words: str, store: Path) -> Result:
    return CliRunner().invoke(app, words, env={"BRANCHWISE_STORE": str(store)})


def test_options_of_ray_need_ray(tmp_path: Path) -> None:
    store = tmp_path / "s.sqlite"
    without = branchwise("worker", "--actors", "2", store=store)
    assert (without.exit_code, "--engine ray" in without.output) == (2, True)
    unknown = branchwise("worker", "--engine", "rai", store=store)
    assert (unknown.exit_code, "ray" in unknown.output) == (2, True)
    unsized = branchwise("worker", "--engine", "ray", store=store)
    assert (unsized.exit_code, "--actors N" in unsized.output) == (2, True)


def test_a_batch_is_solved_once_and_in_order(tmp_path: Path) -> None:
    problems, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    problems.write_text("".join(f"{json.dumps({'problem': f'p{i}', 'id': str(i)})}\n" for i in range(5)))

    def asked(url: str) -> int:
        with urllib.request.urlopen(url.replace("/v1", "/stats")) as reply:
            return int(json.load(reply)["requests"])

    with fake_server.running(latency=0.0, tokens=16) as url:
        words = ["batch", str(problems), str(out), "--strategy", "best_of_n", "-k", "n=2"]
        words += ["--model", "openai-compatible:fake", "--base-url", url]
        done = branchwise(*words, store=tmp_path / "s.sqlite")
        assert done.exit_code == 0, done.output
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        assert [(row["id"], row["status"]) for row in rows] == [(str(i), "done") for i in range(5)]
        first = asked(url)
        assert branchwise(*words, store=tmp_path / "s.sqlite").exit_code == 2
        out.unlink()
        again = branchwise(*words, store=tmp_path / "s.sqlite")
        assert again.exit_code == 0, again.output
        assert [json.loads(line) for line in out.read_text().splitlines()] == rows
        assert asked(url) == first > 5
