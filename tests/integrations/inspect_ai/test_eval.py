"""`inspect eval` with branchwise as its model and as its solver; the log has the run, and limits hold."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import fake_server
from branchwise.store.store import Store

inspect_log = pytest.importorskip("inspect_ai.log")
TOY = Path(__file__).with_name("toy.py")
CODE = """
import json, sys
from importlib.metadata import entry_points
[inspect] = entry_points(group="console_scripts", name="inspect")
for words in json.loads(sys.argv[1]):
    sys.argv[1:] = ["eval", *words]
    try:
        inspect.load()()
    except SystemExit as end:
        assert not end.code, end.code
"""
"""Runs `inspect eval` several times in one process, which imports Inspect once."""


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """The store, and the files with the logs of two evaluations: with branchwise as the model, and as the solver."""
    folder = tmp_path_factory.mktemp("inspect")
    store, logs = f"{folder}/s.sqlite", [folder / "toy", folder / "searched"]
    with fake_server.running(latency=0.02, tokens=16) as upstream:
        given = ["-M", "upstream=openai-compatible:fake", "-M", f"store={store}", "-M", "knobs={n: 64}"]
        model = ["--model", "branchwise/best_of_n", "--model-base-url", upstream, *given]
        toy = [f"{TOY}@toy", *model, "--token-limit", "400", "--max-tokens", "16"]
        given = ["-T", f"base_url={upstream}", "-T", f"store={store}", "--model", "mockllm/model"]
        both = [toy, [f"{TOY}@searched", *given]]
        words = [
            [*one, "--display", "none", "--log-dir", str(log)] for one, log in zip(both, logs, strict=True)
        ]
        done = subprocess.run(
            [sys.executable, "-c", CODE, json.dumps(words)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=TOY.parents[3],
        )
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    return store, [str(file) for log in logs for file in log.glob("*.eval")]


async def read(file: str) -> Any:
    """The log in a file; Inspect's synchronous reader patches asyncio for the whole process where a loop runs."""
    log = await inspect_log.read_eval_log_async(file)
    assert asyncio.run.__module__ == "asyncio.runners"
    return log


async def test_the_provider_shows_the_run_and_keeps_the_limits(evaluated: tuple[str, list[str]]) -> None:
    store, [file, _] = evaluated
    log = await read(file)
    assert log.status == "success"
    async with Store.opened(store) as db:
        for sample in log.samples:
            about = sample.output.metadata
            bill = await db.usage(about["run_id"])
            assert sample.output.usage.total_tokens == bill.prompt_tokens + bill.completion_tokens
            assert 0 < bill.prompt_tokens + bill.completion_tokens <= 400
            assert (about["strategy"], sample.output.model) == ("best_of_n", "branchwise/best_of_n")


async def test_the_solver_keeps_why_in_the_samples_metadata(evaluated: tuple[str, list[str]]) -> None:
    store, [_, file] = evaluated
    log = await read(file)
    assert log.status == "success"
    async with Store.opened(store) as db:
        for sample in log.samples:
            about = sample.metadata["branchwise"]
            run = await db.run(about["run_id"])
            assert (run.status, run.strategy, about["strategy"]) == ("done", "best_of_n", "best_of_n")
            assert sample.output.completion
