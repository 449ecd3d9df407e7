"""A whole run on a full disk, beside a program that holds the database, and with secrets in everybody's words."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from branchwise.graphs.runtime.replay import replay
from branchwise.graphs.search.run import resume, solve
from branchwise.graphs.search.state import Options
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadInput, ModelError
from branchwise.store.rows import CallState
from branchwise.store.store import Store
from tests.graphs.search.resume_worker import PROBLEM, _write
from tests.models.conftest import says, serving

ROOT = Path(__file__).parents[2]

_ON_A_SMALL_DISK = """
import asyncio, resource, sys
from branchwise.models.scripted import scripted
from branchwise.graphs.search.run import solve
from branchwise.store.errors import StoreError
from tests.graphs.search.resume_worker import PROBLEM, _write
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    asyncio.run(solve(PROBLEM, model=scripted(_write), store=sys.argv[1], strategy="step_beam", seed=3))
except StoreError as error:
    print(error)
    sys.exit(3)
"""


@pytest.mark.parametrize("room", [280_000, 330_000])
async def test_a_disk_that_fills_up_loses_nothing(tmp_path: Path, room: int) -> None:
    store = f"sqlite:///{tmp_path}/runs.sqlite"
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _ON_A_SMALL_DISK, store, str(room)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    out, err = await child.communicate()
    assert (child.returncode, err) == (3, b"")
    assert len(out.splitlines()) == 1
    async with Store.opened(store) as opened:
        [run] = await opened.runs()
        kept = len(await opened.calls(run.id))
        assert kept > 3
        result = await resume(run.id, store=opened, model=scripted(_write))
        calm = await solve(PROBLEM, model=scripted(_write), store=opened, strategy="step_beam", seed=3)
        assert (result.answer, result.nodes) == (calm.answer, calm.nodes)
        assert list(await opened.nodes(run.id)) == list(await opened.nodes(calm.run_id))
        assert (await replay(run.id, store=opened)).exact


_THREE_RUNS = """
import asyncio, sys
from branchwise.models.scripted import scripted
from branchwise.graphs.search.run import solve
from tests.graphs.search.resume_worker import PROBLEM, _write
async def main():
    await asyncio.gather(*(
        solve(PROBLEM, model=scripted(_write), store=sys.argv[1], strategy="best_of_n", knobs={"n": 6}, seed=seed)
        for seed in range(3)
    ))
asyncio.run(main())
"""


def test_a_program_that_locks_the_file_is_waited_for(tmp_path: Path) -> None:
    path, over = tmp_path / "runs.sqlite", threading.Event()
    asyncio.run(_made(path))

    def hog() -> None:
        connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        while not over.wait(0.1):
            connection.execute("BEGIN EXCLUSIVE")
            over.wait(0.7)
            connection.execute("COMMIT")
        connection.close()

    stranger = threading.Thread(target=hog)
    stranger.start()
    try:
        command = [sys.executable, "-c", _THREE_RUNS, f"sqlite:///{path}"]
        crew = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
        said = [worker.communicate(timeout=120)[1] for worker in crew]
    finally:
        over.set()
        stranger.join()
    assert said == [""] * 3
    assert [worker.returncode for worker in crew] == [0] * 3
    assert asyncio.run(_statuses(path)) == ["done"] * 9


async def _made(path: Path) -> None:
    async with Store.opened(str(path)):
        pass


async def _statuses(path: Path) -> list[str]:
    async with Store.opened(str(path)) as store:
        return [run.status for run in await store.runs()]


async def test_no_secret_of_a_run_reaches_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variable, header, password = "correct-horse-battery", "sk-live-0123456789abcdefghij", "hunter2-in-a-url"
    monkeypatch.setenv("SOME_VENDOR_API_KEY", variable)
    prompts = tmp_path / "prompts"
    prompts.mkdir()
    (prompts / "step.md").write_text(f"Authorization: Bearer {header}\nGo on. {{request}}{{text}}")
    failed = False

    def write(request: SampleRequest, seed: int) -> str:
        nonlocal failed
        if not failed and request.temperature:
            failed = True
            raise ModelError(f"403 from https://me:{password}@example.org for {variable}, key {header}")
        return f"My key is {variable}.\nAnswer: {variable}\nScore: 20"

    async with Store.opened(str(tmp_path / "store" / "runs.sqlite")) as store:
        result = await solve(
            f"What does {variable} open?",
            model=scripted(write),
            store=store,
            strategy="best_of_n",
            knobs={"n": 9},
            prompts=prompts,
            options=Options(durability="sync", batch=1),
        )
        assert failed
        assert (await replay(result.run_id, store=store)).exact
        with pytest.raises(BadInput, match="no user, password") as refused:
            await solve(
                "?", model=scripted(write), store=store, base_url=f"https://me:{password}@example.org/v1"
            )
        assert password not in str(refused.value)
    stored = b"".join(file.read_bytes() for file in (tmp_path / "store").iterdir())
    for secret in (variable, header, password):
        assert secret.encode() not in stored


async def test_a_server_that_repeats_the_key_brings_it_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "org-4242-key-of-no-known-shape"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    told = {"message": {"role": "assistant", "content": f"You sent Bearer {key}."}, "finish_reason": "stop"}
    async with serving() as server, Store.opened(str(tmp_path / "store" / "runs.sqlite")) as store:
        well = says(
            200, {"choices": [{"index": 0, **told}], "usage": {"prompt_tokens": 9, "completion_tokens": 5}}
        )
        server.next = [well, says(403, f"Authorization: Bearer {key} is not welcome".encode()), *[well] * 20]
        result = await solve(
            PROBLEM,
            model="openai-compatible:m",
            base_url=server.url,
            store=store,
            strategy="best_of_n",
            knobs={"n": 2},
            options=Options(durability="sync", batch=1),
        )
        assert set(server.keys) >= {f"Bearer {key}"}
        assert len(server.bodies) > 3
        states = {call.state for call in await store.calls(result.run_id)}
        assert states == {CallState.FAILED, CallState.DONE}
        assert (await replay(result.run_id, store=store)).exact
    stored = b"".join(file.read_bytes() for file in (tmp_path / "store").iterdir())
    assert b"You sent Bearer [secret]" in stored
    assert key.encode() not in stored
