"""Engines started, watched, started again and stopped; with a fake engine that starts at once."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from branchwise.models.pool import registry as state
from branchwise.models.pool.registry import Phase, PoolState
from branchwise.serving import detached, guard, running, supervisor
from branchwise.serving.launch import launches
from branchwise.serving.profile import Profile, typed_profile
from branchwise.serving.supervisor import supervise
from branchwise.store.errors import BadInput, ModelError, UnknownName

FAKE = Path(__file__).parent / "fake_engine.py"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="vLLM needs POSIX")


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(supervisor, "_STARTING_TICK", 0.05)
    monkeypatch.setattr(supervisor, "_READY_TICK", 0.1)
    monkeypatch.setattr(supervisor, "_FIRST_WAIT", 0.05)


def fake(tmp_path: Path, replicas: int = 1, **environment: str) -> Profile:
    return typed_profile(
        {
            "model": str(tmp_path),
            "replicas": replicas,
            "device": "cpu",
            "command": [sys.executable, str(FAKE)],
            "environment": environment,
            "grace_seconds": 1.0,
            "drain_seconds": 5.0,
            "unhealthy_seconds": 0.3,
            "options": {"served_model_name": "m"},
        }
    )


@asynccontextmanager
async def pool(profile: Profile, name: str = "p") -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(supervise(name, profile, launches(profile)))
    try:
        yield task
    finally:
        if not task.done():
            os.kill(os.getpid(), signal.SIGTERM)
            await task


async def until(done: Callable[[PoolState], bool], name: str = "p", seconds: float = 20.0) -> PoolState:
    ends = time.monotonic() + seconds
    while (now := state.read(name)) is None or not done(now):
        assert time.monotonic() < ends, now
        await asyncio.sleep(0.02)
    return now


def ready(now: PoolState) -> bool:
    return now.ready


def alive(pid: int) -> bool:
    try:
        return f"{pid} (" in (text := Path(f"/proc/{pid}/stat").read_text()) and ") Z " not in text
    except OSError:
        return False


async def get(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        return await reply.text()


async def test_a_pool_runs_until_it_is_asked_to_end(tmp_path: Path) -> None:
    profile = fake(tmp_path, replicas=2)
    async with pool(profile) as task:
        now = await until(ready)
        assert running("p") == tuple(one.url for one in now.replicas)
        assert len(set(running("p"))) == 2
        assert state.served("p") == "m"
        assert state.names() == ["p"]
        written = state.folder() / "p.json"
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
        log = state.logs("p") / "replica-0.log"
        assert now.replicas[0].log == str(log)
        assert stat.S_IMODE(log.stat().st_mode) == 0o600
        assert "hello" in log.read_text()
        with pytest.raises(BadInput, match="runs already"):
            await supervise("p", profile, launches(profile))
        os.kill(os.getpid(), signal.SIGTERM)
        await task
        assert not alive(now.replicas[0].pid or 0)
    assert state.read("p") is None
    with pytest.raises(UnknownName, match="no running pool `p`"):
        running("p")


async def test_a_dead_engine_is_started_again_and_the_others_go_on(tmp_path: Path) -> None:
    async with pool(fake(tmp_path, replicas=2)):
        before = await until(ready)
        with suppress(aiohttp.ClientError):
            await get(before.replicas[0].url.removesuffix("/v1") + "/die")
        gone = await until(lambda now: now.replicas[0].phase is Phase.WAITING)
        assert "ended with code 7" in gone.replicas[0].note
        assert running("p") == (before.replicas[1].url,)
        after = await until(ready)
        assert [one.restarts for one in after.replicas] == [1, 0]
        assert after.replicas[0].pid != before.replicas[0].pid
        assert after.replicas[1].pid == before.replicas[1].pid
        assert after.replicas[0].url == before.replicas[0].url


async def test_an_engine_that_stays_unwell_is_started_again(tmp_path: Path) -> None:
    async with pool(fake(tmp_path)):
        now = await until(ready)
        await get(now.replicas[0].url.removesuffix("/v1") + "/ill")
        again = await until(lambda now: now.replicas[0].restarts == 1)
        assert "unwell" in again.replicas[0].note or again.replicas[0].phase is not Phase.WAITING
        await until(ready)


async def test_waits_between_restarts_double(tmp_path: Path) -> None:
    said: list[str] = []
    profile = fake(tmp_path)
    task = asyncio.create_task(
        supervise("p", profile, launches(profile), lambda now: said.append(now.replicas[0].note))
    )
    for _ in range(3):
        now = await until(ready)
        with suppress(aiohttp.ClientError):
            await get(now.replicas[0].url.removesuffix("/v1") + "/die")
        await until(lambda now: now.replicas[0].phase is Phase.WAITING)
    os.kill(os.getpid(), signal.SIGTERM)
    await task
    waits = [note.rsplit("again in ")[1] for note in said if "again in" in note]
    assert waits == ["0.05 s", "0.1 s", "0.2 s"]


async def test_an_engine_that_cannot_start_ends_the_pool_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="ended with code 3 before it answered") as caught:
        await supervise("p", (bad := fake(tmp_path, FAKE_DIES="3")), launches(bad))
    assert "no such weights" in str(caught.value)
    left = state.read("p")
    assert left is not None
    assert "no such weights" in left.failed
    assert not state.alive("p")


async def test_requests_in_flight_end_before_the_engines(tmp_path: Path) -> None:
    async with pool(fake(tmp_path)) as task:
        now = await until(ready)
        call = asyncio.create_task(get(now.replicas[0].url.removesuffix("/v1") + "/slow?seconds=1"))
        await asyncio.sleep(0.3)
        os.kill(os.getpid(), signal.SIGTERM)
        await until(lambda now: now.replicas[0].phase is Phase.DRAINING)
        with pytest.raises(ModelError, match="No replica"):
            running("p")
        assert await call == "done"
        await task


async def test_asked_twice_it_ends_at_once_and_kills_who_does_not_listen(tmp_path: Path) -> None:
    async with pool(fake(tmp_path, FAKE_STUBBORN="1")) as task:
        now = await until(ready)
        call = asyncio.create_task(get(now.replicas[0].url.removesuffix("/v1") + "/slow?seconds=60"))
        await asyncio.sleep(0.3)
        os.kill(os.getpid(), signal.SIGTERM)
        await until(lambda now: now.replicas[0].phase is Phase.DRAINING)
        os.kill(os.getpid(), signal.SIGTERM)
        began = time.monotonic()
        await task
        assert time.monotonic() - began < 4  # of five seconds of draining and sixty of the call
        with pytest.raises(aiohttp.ClientError):
            await call


def children(notes: Path) -> list[int]:
    return [int(pid) for pid in notes.read_text().split()] if notes.exists() else []


def gone(pids: list[int], seconds: float = 10.0) -> bool:
    ends = time.monotonic() + seconds
    while any(alive(pid) for pid in pids) and time.monotonic() < ends:
        time.sleep(0.05)
    return not any(alive(pid) for pid in pids)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("stubborn", ["", "1"])
async def test_a_killed_supervisor_leaves_no_orphan(tmp_path: Path, stubborn: str) -> None:
    notes = tmp_path / "pids"
    profile = fake(tmp_path, replicas=2, FAKE_CHILD=str(notes), FAKE_STUBBORN=stubborn)
    process = detached.detach("p", profile)
    now = await until(ready)
    pids = [*children(notes), *(one.pid or 0 for one in now.replicas)]
    assert len(pids) == 6
    assert all(alive(pid) for pid in pids)
    process.kill()
    process.wait()
    assert await asyncio.to_thread(gone, pids)
    assert not state.alive("p")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_killed_guard_leaves_no_orphan_either(tmp_path: Path) -> None:
    notes = tmp_path / "pids"
    async with pool(fake(tmp_path, FAKE_CHILD=str(notes))):
        now = await until(ready)
        engine, child = children(notes)
        os.kill(now.replicas[0].pid or 0, signal.SIGKILL)
        again = await until(lambda now: now.replicas[0].phase is Phase.WAITING)
        assert "killed by SIGKILL" in again.replicas[0].note
        assert await asyncio.to_thread(gone, [engine, child])
        await until(ready)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_engine_that_dies_takes_its_children_with_it(tmp_path: Path) -> None:
    notes = tmp_path / "pids"
    port = free_port()
    command = [
        sys.executable,
        guard.__file__,
        "1",
        sys.executable,
        str(FAKE),
        "--port",
        port,
        "--host",
        "127.0.0.1",
    ]
    environment = {**os.environ, "FAKE_CHILD": str(notes)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as process:
        ends = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < ends:
            with suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/die", timeout=5)
            time.sleep(0.05)
        assert process.returncode == 7
    assert gone(children(notes), seconds=0.0)


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])
