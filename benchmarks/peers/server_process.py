"""A server under measurement: started in an empty home, its processes' CPU and memory, and what it stores."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE = 300.0
"""Seconds in which a server starts; optillm's imports take most of a minute on a busy machine."""


@dataclass(frozen=True, kw_only=True)
class ServerProcess:
    """A server that listens."""

    url: str
    """Its base URL, with `/v1`."""
    pid: int
    home: Path
    """Its working folder and home, empty before it started."""
    python: str
    packages: tuple[str, ...]

    def cpu(self) -> float:
        """Seconds of CPU of it and its children, ended threads and waited-for children included."""
        return sum(sum(map(int, _stat(pid)[11:15])) for pid in self._pids()) / _TICKS

    def resident(self) -> float:
        """MiB of it and its children in memory."""
        return sum(int(_stat(pid)[21]) for pid in self._pids()) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def stored(self) -> int:
        """Bytes of the files that it has written into its home."""
        return sum(file.stat().st_size for file in self.home.rglob("*") if file.is_file())

    def versions(self) -> dict[str, str]:
        """Versions of its packages."""
        asked = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
        done = subprocess.run(
            [self.python, "-c", asked, *self.packages], capture_output=True, text=True, check=True
        )
        return dict(json.loads(done.stdout))

    def _pids(self) -> list[int]:
        found = [self.pid]
        for pid in found:
            tasks = Path(f"/proc/{pid}/task").glob("*/children")
            found += [int(child) for task in tasks for child in task.read_text(encoding="ascii").split()]
        return found


def _stat(pid: int) -> list[str]:
    text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    return text.rpartition(")")[2].split()


@contextmanager
def branchwise_serve(home: Path, upstream: str) -> Iterator[ServerProcess]:
    """`branchwise serve` with its default store, in its home."""
    named = ["--model", "openai-compatible:fake", "--base-url", upstream, "--max-runs", "64"]
    command = [sys.executable, "-m", "branchwise", "serve", *named, "--store", str(home / "runs.sqlite")]
    with _started(command, home, {}, ("branchwise", "starlette", "uvicorn", "langgraph")) as server:
        yield server


@contextmanager
def optillm(env: Path, home: Path, upstream: str, n: int) -> Iterator[ServerProcess]:
    """The proxy of optillm."""
    command = [
        str(env.absolute() / "bin/optillm"),
        "--base-url",
        upstream,
        "--best-of-n",
        str(n),
        "--log",
        "error",
    ]
    more = {"OPENAI_API_KEY": "none", "HF_HUB_OFFLINE": "1"}
    with _started(command, home, more, ("optillm", "flask", "openai")) as server:
        yield server


@contextmanager
def its_hub(env: Path, home: Path, upstream: str, n: int) -> Iterator[ServerProcess]:
    """its-hub's server, configured for self-consistency, the only algorithm that it offers."""
    command = [str(env.absolute() / "bin/its-iaas"), "--log-level", "ERROR"]
    with _started(command, home, {}, ("its_hub", "fastapi", "openai")) as server:
        wanted = {
            "endpoint": upstream,
            "api_key": "none",
            "model": "fake",
            "alg": "self-consistency",
            "budget": n,
        }
        body = json.dumps({**wanted, "regex_patterns": [r"Answer: (\d+)"]}).encode()
        at = server.url.removesuffix("/v1") + "/configure"
        urllib.request.urlopen(urllib.request.Request(at, body, {"content-type": "application/json"})).close()
        yield server


@contextmanager
def _started(
    command: Sequence[str], home: Path, more: Mapping[str, str], packages: tuple[str, ...]
) -> Iterator[ServerProcess]:
    home.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        (home.parent / f"{home.name}.log").open("wb") as log,
        subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=home,
            env={**os.environ, "HOME": str(home), **more},
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            until = time.monotonic() + _PATIENCE
            while _refuses(port):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{command[0]} does not start: {Path(log.name).read_text()[-2000:]}")
                time.sleep(0.2)
            python = (
                sys.executable if command[0] == sys.executable else str(Path(command[0]).parent / "python")
            )
            url = f"http://127.0.0.1:{port}/v1"
            yield ServerProcess(url=url, pid=process.pid, home=home, python=python, packages=packages)
        finally:
            process.terminate()


def _refuses(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) != 0
