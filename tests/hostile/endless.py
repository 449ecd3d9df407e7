"""A server whose replies never end, drip, or are far too large, and a whole `branchwise solve` that asks it."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.models.raw_server import Play, RawServer, reply

MEBIBYTE = 2**20
OK = b"HTTP/1.1 200 OK\r\n"
SECONDS = 4.0
"""The budget of the run."""
MODELS = reply(b'{"data":[{"id":"m","owned_by":"x"}]}')


async def _for_ever(writer: asyncio.StreamWriter, first: bytes, part: bytes, wait: float = 0.0) -> None:
    writer.write(first)
    while True:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(wait)


def _endless(
    first: bytes, part: bytes, wait: float = 0.0
) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    return lambda writer: _for_ever(writer, first, part, wait)


def _once(said: Callable[[], bytes]) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    async def play(writer: asyncio.StreamWriter) -> None:
        writer.write(said())
        await writer.drain()

    return play


def _choices(number: int, text: str) -> bytes:
    listed = [{"index": i, "message": {"content": text}, "finish_reason": "stop"} for i in range(number)]
    usage = {"prompt_tokens": 1, "completion_tokens": 1}
    return reply(json.dumps({"choices": listed, "usage": usage}).encode())


MODES: dict[str, Callable[[asyncio.StreamWriter], Awaitable[None]]] = {
    "a gigabyte": _endless(OK + b"Content-Length: 1073741824\r\n\r\n", b" " * MEBIBYTE),
    "a body without end": _endless(OK + b"\r\n", b" " * MEBIBYTE),
    "chunks without end": _endless(
        OK + b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + b" " * MEBIBYTE + b"\r\n"
    ),
    "headers without end": _endless(OK, b"X-A: " + b"a" * 1000 + b"\r\n"),
    "one header without end": _endless(OK + b"X-A: ", b"a" * MEBIBYTE),
    "1xx without end": _endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "a body that drips": _endless(OK + b"Content-Length: 100000\r\n\r\n", b" ", 0.3),
    "headers that drip": _endless(OK, b"X-A: a\r\n", 0.3),
    "a status that drips": _endless(b"HTTP/1.1 ", b"2", 0.3),
    "a compressed quarter of a gigabyte": _once(
        lambda: reply(gzip.compress(bytes(2**28)), "200 OK", "Content-Encoding: gzip")
    ),
    "a redirect": _once(lambda: reply(b"", "307 X", "Location: http://127.0.0.1:5432/v1/chat/completions")),
    "63 megabytes of text": _once(lambda: _choices(1, "x" * (63 * MEBIBYTE))),
    "600,000 choices": _once(lambda: _choices(600_000, "x")),
    "deep nesting": _once(lambda: reply(b'{"choices":' + b"[" * 900_000)),
    "a wait of years": _once(lambda: reply(b"", "429 X", "Retry-After: 99999999")),
    "silence": _endless(b"", b"", 1.0),
}
"""What the server does upon a request for samples."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    seconds: float
    resident: int
    """Most bytes of memory that it held."""
    said: str
    """What it printed."""


def solved(mode: str, folder: Path, *, listing: bool = False) -> Ended:
    """Solve a problem with a server that misbehaves in one way.

    Args:
        mode: One of `MODES`.
        folder: Where the store lies.
        listing: Whether the list of models misbehaves, and not the samples.
    """

    async def play(request: bytes, writer: asyncio.StreamWriter) -> None:
        if request.startswith(b"GET") and not listing:
            writer.write(MODELS)
        else:
            await MODES[mode](writer)

    with serving(play) as url:
        model = ("--model", "openai-compatible:m", "--base-url", url, "--store", f"{folder}/runs.sqlite")
        budget = ("--calls", "3", "--seconds", str(SECONDS), "--strategy", "best_of_n", "-k", "n=2")
        return ended(["solve", "What is 6 times 7?", *model, *budget], folder)


def ended(words: list[str], folder: Path) -> Ended:
    """Run `branchwise` with these words and watch its memory."""
    began, resident = time.monotonic(), 0
    environment = {**os.environ, "NO_PROXY": "*", "XDG_CONFIG_HOME": str(folder), "OPENAI_API_KEY": ""}
    with (folder / "said").open("wb+") as said:
        command = [sys.executable, "-m", "branchwise", *words]
        child = subprocess.Popen(
            command, stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment
        )
        try:
            while child.poll() is None and time.monotonic() - began < 60:
                resident = max(resident, _peak(child.pid))
                time.sleep(0.02)
        finally:
            child.kill()
            child.wait()
        said.seek(0)
        text = said.read().decode(errors="replace")
    return Ended(code=child.returncode, seconds=time.monotonic() - began, resident=resident, said=text)


def _peak(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


@contextmanager
def serving(play: Play) -> Iterator[str]:
    """A server in a thread of its own; gives its base URL."""
    ready, stop = threading.Event(), asyncio.Event()
    told: list[str] = []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        server = RawServer(play)
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        told.append(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1")
        ready.set()
        await stop.wait()
        listening.close()
        for task in list(server.serving):
            task.cancel()
        await asyncio.gather(*server.serving, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        yield told[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
