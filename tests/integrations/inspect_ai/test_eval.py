"""`inspect eval` with branchwise as its model and as its solver; the log has the run, and limits hold."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import fake_server
from branchwise.store.store import Store

inspect_log = pytest.importorskip("inspect_ai.log")
TOY = Path(__file__).with_name("toy.py")


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    with fake_server.running(latency=0.02, tokens=16) as url:
        yield url


def evaluated(tmp_path: Path, *words: str) -> str:
    """The file with the log of an evaluation."""
    command = [
        sys.executable,
        "-m",
        "inspect_ai",
        "eval",
        *words,
        "--display",
        "none",
        "--log-dir",
        str(tmp_path),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, cwd=TOY.parents[3]
    )
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    [found] = tmp_path.glob("*.eval")
    return str(found)


async def read(file: str) -> Any:
    """The log in a file; Inspect's synchronous reader patches asyncio for the whole process where a loop runs."""
    log = await inspect_log.read_eval_log_async(file)
    assert asyncio.run.__module__ == "asyncio.runners"
    return log


async def test_the_provider_shows_the_run_and_keeps_the_limits(tmp_path: Path, upstream: str) -> None:
    store = f"{tmp_path}/s.sqlite"
    given = ["-M", "upstream=openai-compatible:fake", "-M", f"store={store}", "-M", "knobs={n: 64}"]
    model = ["--model", "branchwise/best_of_n", "--model-base-url", upstream]
    limits = ["--token-limit", "400", "--max-tokens", "16"]
    log = await read(evaluated(tmp_path / "logs", f"{TOY}@toy", *model, *given, *limits))
    assert log.status == "success"
    async with Store.opened(store) as db:
        for sample in log.samples:
            about = sample.output.metadata
            bill = await db.usage(about["run_id"])
            assert sample.output.usage.total_tokens == bill.prompt_tokens + bill.completion_tokens
            assert 0 < bill.prompt_tokens + bill.completion_tokens <= 400
            assert (about["strategy"], sample.output.model) == ("best_of_n", "branchwise/best_of_n")


async def test_the_solver_keeps_why_in_the_samples_metadata(tmp_path: Path, upstream: str) -> None:
    store = f"{tmp_path}/s.sqlite"
    words = ["-T", f"base_url={upstream}", "-T", f"store={store}", "--model", "mockllm/model"]
    log = await read(evaluated(tmp_path / "logs", f"{TOY}@searched", *words))
    assert log.status == "success"
    async with Store.opened(store) as db:
        for sample in log.samples:
            about = sample.metadata["branchwise"]
            run = await db.run(about["run_id"])
            assert (run.status, run.strategy, about["strategy"]) == ("done", "best_of_n", "best_of_n")
            assert sample.output.completion
