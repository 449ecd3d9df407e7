"""Real parts for the tests that want one: vLLMs, of which each takes a minute to start, and the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from branchwise.environments.browser.chromium import chromium
from branchwise.environments.sandbox.bubblewrap import walls
from branchwise.environments.sandbox.limits import SandboxError
from branchwise.serving import guard
from branchwise.store.errors import EnvironmentFailed

ROOT = Path(__file__).parents[1]
VLLM = Path(os.environ.get("BRANCHWISE_VLLM", ROOT / ".venvs/vllm")).absolute()
PROFILE = ROOT / "examples/pool/smollm2-cpu.toml"


@pytest.fixture(scope="session")
def executable() -> Path:
    """Chromium's file; a machine without one skips, continuous integration fails."""
    try:
        return chromium()
    except EnvironmentFailed as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


class Started:
    """A pool that was told to start."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def url(self) -> str:
        """Wait until its engine answers, and say where."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        said = self._process.stdout.readline()
        if not said:
            pytest.fail(f"vLLM did not start: {self._process.stderr.read().decode(errors='replace')}")
        return str(json.loads(said)["replicas"][0]["url"])


@contextmanager
def pool_up(home: Path, *words: str) -> Iterator[Started]:
    """Run `branchwise pool up` with these words like a user, until the block ends.

    It is on a leash: it ends with the tests whatever way they end.
    """
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
    environment = {**os.environ, "BRANCHWISE_VLLM": str(VLLM), "XDG_STATE_HOME": str(home)}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*command, *words], stdin=pipe, stdout=pipe, stderr=pipe, env=environment, cwd=ROOT
    ) as pool:
        assert pool.stdin is not None
        assert pool.stderr is not None
        try:
            yield Started(pool)
        finally:
            pool.stdin.close()
        assert pool.wait(timeout=100) == 0, pool.stderr.read().decode(errors="replace")


_LONG = ("crash", "install", "embedded")
"""Markers of tests in files that take minutes."""


@pytest.fixture(scope="session")
def walled() -> None:
    """Bubblewrap works here; skips where it does not, but never in CI."""
    try:
        walls()
    except SandboxError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def vllm() -> Path:
    """vLLM's environment, which has SmolLM2 under `models`; skips where there is none, but never in CI."""
    if not (VLLM / ".ready").exists():
        message = f"No vLLM in `{VLLM}`: run `make vllm` (3 GB), or set BRANCHWISE_VLLM to where it is."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return VLLM


@pytest.fixture(scope="session")
def smollm2(vllm: Path) -> Path:
    """The folder of SmolLM2-135M-Instruct."""
    return vllm / "models/smollm2-135m-instruct"


@pytest.fixture(scope="session")
def real_vllm(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a real vLLM that serves `smollm2`."""
    home = tmp_path_factory.mktemp("vllm")
    with pool_up(home, "--profile", str(PROFILE), "--model", str(smollm2)) as pool:
        yield pool.url()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take minutes, so that none is left for the end; give vLLM's tests more time."""
    long = {item.path for item in items if any(item.get_closest_marker(name) for name in _LONG)}
    items.sort(key=lambda item: item.path not in long)
    for item in items:
        if item.get_closest_marker("vllm") is not None:
            item.add_marker(pytest.mark.timeout(900))
