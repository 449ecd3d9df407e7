"""One real vLLM for all tests that want one; starting it takes a minute."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from branchwise.agents.engines import guard

ROOT = Path(__file__).parents[1]
VLLM = Path(os.environ.get("BRANCHWISE_VLLM", ROOT / ".venvs/vllm")).absolute()
PROFILE = ROOT / "examples/pool/smollm2-cpu.toml"


@pytest.fixture(scope="session")
def real_vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a real vLLM that serves `smollm2`; skips where it is not installed, but never in CI.

    It is a pool like a user's, started and stopped by `branchwise pool up`, here on a leash: it ends with the tests
    whatever way they end.
    """
    if not (VLLM / ".ready").exists():
        message = f"No vLLM in `{VLLM}`: run `make vllm` (3 GB), or set BRANCHWISE_VLLM to where it is."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    home = tmp_path_factory.mktemp("vllm")
    command = [
        sys.executable,
        guard.__file__,
        "60",
        sys.executable,
        "-m",
        "branchwise",
        "pool",
        "up",
        "--json",
    ]
    command += ["--profile", str(PROFILE), "--model", str(VLLM / "models/smollm2-135m-instruct")]
    environment = {**os.environ, "BRANCHWISE_VLLM": str(VLLM), "XDG_STATE_HOME": str(home)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, cwd=ROOT) as pool:
        assert pool.stdin is not None
        assert pool.stdout is not None
        assert pool.stderr is not None
        said = pool.stdout.readline()
        if not said:
            pytest.fail(f"vLLM did not start: {pool.stderr.read().decode(errors='replace')}")
        yield str(json.loads(said)["replicas"][0]["url"])
        pool.stdin.close()
        assert pool.wait(timeout=100) == 0, pool.stderr.read().decode(errors="replace")
