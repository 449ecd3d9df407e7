"""`branchwise mcp` as a client starts it: over stdio, killed, and started again."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters
from typer.testing import CliRunner

from benchmarks import fake_server
from branchwise.cli.app import app
from branchwise.store.rows import Status
from branchwise.store.store import Store
from tests.mcp_server.running import ASKED, called, text, until_over

CHOSEN = {**ASKED, "knobs": {"n": 2}}


def command(store: Path, upstream: str) -> list[str]:
    given = ["--store", str(store), "--model", "openai-compatible:fake", "--base-url", upstream]
    return [sys.executable, "-m", "branchwise", "mcp", *given]


def started(store: Path, upstream: str) -> StdioServerParameters:
    program, *words = command(store, upstream)
    return StdioServerParameters(command=program, args=words)


async def test_a_result_survives_a_restart_over_stdio(tmp_path: Path) -> None:
    store, told = tmp_path / "s.sqlite", list[str | None]()

    async def notice(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    with fake_server.running(latency=0.02, tokens=16) as upstream:
        async with Client(started(store, upstream)) as client:
            solved = await client.call_tool("solve", CHOSEN, progress_callback=notice)
            assert not solved.is_error, text(solved)
            begun = await called(client, "submit", **CHOSEN)
        async with Client(started(store, upstream)) as client:
            done = await until_over(client, begun["run_id"])
            assert solved.structured_content is not None
            again = await called(client, "result", run_id=solved.structured_content["run_id"])
    assert (done["status"], bool(done["answer"])) == ("done", True)
    assert again == solved.structured_content
    assert any("samples" in (message or "") for message in told)


def said(**message: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"


def test_it_ends_at_once_without_a_client(tmp_path: Path) -> None:
    """Started by hand or by a service manager, it reads from /dev/null."""
    words = [
        sys.executable,
        "-m",
        "branchwise",
        "mcp",
        "--store",
        str(tmp_path / "s.sqlite"),
        "--model",
        "uniform",
    ]
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr


async def test_a_signal_ends_it_and_pauses_a_search(tmp_path: Path) -> None:
    with fake_server.running(latency=60, tokens=16) as upstream:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command(tmp_path / "s.sqlite", upstream), stdin=pipe, stdout=pipe, stderr=pipe
        )
        assert process.stdin is not None
        assert process.stdout is not None
        begin = {"protocolVersion": "2025-11-25", "capabilities": {}}
        begin["clientInfo"] = {"name": "test", "version": "1"}
        process.stdin.write(b"no JSON\n" + said(id=1, method="initialize", params=begin))
        while b'"id":1' not in await process.stdout.readline():
            pass
        asked = {"name": "solve", "arguments": CHOSEN}
        process.stdin.write(said(method="notifications/initialized"))
        process.stdin.write(said(id=2, method="tools/call", params=asked))
        async with Store.opened(str(tmp_path / "s.sqlite")) as db, asyncio.timeout(30):
            while not [run for run in await db.runs() if run.status is Status.RUNNING]:
                await asyncio.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            await process.communicate()
            [run] = await db.runs()
    assert process.returncode == 0
    assert run.status is Status.PAUSED


def test_bad_options_are_refused(tmp_path: Path) -> None:
    at = ["mcp", "--store", str(tmp_path / "s.sqlite"), "--model", "uniform"]
    for wrong in (["--strategy", "os:system"], ["--task", "nothing"], ["--tokens", "0"]):
        assert CliRunner().invoke(app, [*at, *wrong]).exit_code == 2


def test_without_the_extra_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['mcp'] = None; sys.argv[1:] = ['mcp', '--model', 'uniform']"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; from branchwise.cli import main; main()"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "branchwise[mcp]" in done.stderr
