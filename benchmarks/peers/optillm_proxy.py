"""Start optillm's proxy in front of a server, and stop it. Runs in optillm's environment."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

START = "from optillm.server import main; main()"


@contextmanager
def proxy(base: str, n: int) -> Iterator[tuple[str, int]]:
    """Give the proxy's base URL and its process id once it listens.

    Args:
        base: The server behind it.
        n: Samples of its best-of-n.

    Raises:
        RuntimeError: It ended, or does not listen within five minutes.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--base-url", base, "--port", str(port), "--best-of-n", str(n), "--log", "error"]
    process = subprocess.Popen(
        [sys.executable, "-c", START, *options],
        env=os.environ | {"OPENAI_API_KEY": "none", "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 300
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("optillm's proxy does not start")
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1", process.pid
    finally:
        process.terminate()
        process.wait()
