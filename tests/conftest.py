"""One real vLLM for all tests that want one; starting it takes a minute."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from branchwise.agents.engines import guard

ROOT = Path(__file__).parents[1]
VLLM = Path(os.environ.get("BRANCHWISE_VLLM", ROOT / ".venvs/vllm")).absolute()
SERVED = "smollm2"
"""The name under which it serves SmolLM2-135M-Instruct."""
START_SECONDS = 300


@pytest.fixture(scope="session")
def real_vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a real vLLM that serves `smollm2`; skips where it is not installed, but never in CI."""
    if not (VLLM / ".ready").exists():
        message = f"No vLLM in `{VLLM}`: run `make vllm` (3 GB), or set BRANCHWISE_VLLM to where it is."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("vllm") / "vllm.log"
    command = [sys.executable, guard.__file__, "10", str(VLLM / "bin/python"), "-m"]
    command += ["vllm.entrypoints.openai.api_server", "--model", str(VLLM / "models/smollm2-135m-instruct")]
    command += ["--served-model-name", SERVED, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--enforce-eager", "--dtype", "float32", "--max-model-len", "4096", "--max-num-seqs", "64"]
    command += ["--enable-prompt-tokens-details"]
    environment = {
        **os.environ,
        "VLLM_CPU_KVCACHE_SPACE": "1",
        # Threads that wait for each other at barriers crawl on a busy machine: one, free to move.
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
    }
    with log.open("wb") as sink:
        engine = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=sink, stderr=sink, env=environment, cwd=log.parent
        )
    try:
        _wait(engine, f"http://127.0.0.1:{port}/health", log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        engine.communicate(timeout=60)


def _wait(engine: subprocess.Popen[bytes], url: str, log: Path) -> None:
    ends = time.monotonic() + START_SECONDS
    while engine.poll() is None and time.monotonic() < ends:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
        else:
            return
    pytest.fail("vLLM did not start:\n" + log.read_text(errors="replace")[-3000:])
