"""The previous release, installed from its wheel: what it began, this one finishes, and nothing is bought twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from branchwise.graphs.runtime.worker import work
from branchwise.models.scripted import scripted
from branchwise.store.database.schema import HEAD
from branchwise.store.database.upgrade import upgrade
from branchwise.store.errors import SchemaMismatch
from branchwise.store.rows import CallState, Status
from branchwise.store.store import Store

pytestmark = pytest.mark.crash
_ROOT = Path(__file__).parents[2]
_RELEASE = "508207a"
"""The last commit of version 0.1, schema revision 0003."""
_WORK = """
import asyncio, signal, sys
from branchwise.agents.models.scripted import scripted
from branchwise.graphs.submit import submit
from branchwise.graphs.worker import work

def answer(request, seed):
    return "Fine.\\nScore: 40" if "Score" in request.messages[-1].content else f"answer {seed}"

async def main():
    how = dict(model="scripted:script", strategy="best_of_n", knobs={"n": 6})
    await submit([f"question {i}" for i in range(4)], store=sys.argv[1], **how)
    say = lambda report: print(report.kind, flush=True)
    await work(store=sys.argv[1], model=scripted(answer, latency=0.15), concurrency=2, watch=say)

# A shell starts what runs in the background with this signal ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
asyncio.run(main())
"""
_OPEN = "import sys; from branchwise.store.database import Database; Database.open(sys.argv[1])"


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that Python imports the previous release from."""
    place = tmp_path_factory.mktemp("release")
    packed = place / "src.tar"
    made = subprocess.run(
        ["git", "archive", "-o", str(packed), _RELEASE], cwd=_ROOT, capture_output=True, check=False
    )
    if made.returncode:
        if os.environ.get("CI"):
            pytest.fail(f"check out the history: {_RELEASE} is not in it")
        pytest.skip(f"the history does not go back to {_RELEASE}")
    with tarfile.open(packed) as archive:
        archive.extractall(place / "src", filter="data")
    build = f"import uv_build; print(uv_build.build_wheel({str(place)!r}))"
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(
        [sys.executable, "-c", build],
        cwd=place / "src",
        env={**os.environ, "PATH": path},
        check=True,
        timeout=120,
    )
    [wheel] = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as package:
        package.extractall(place / "installed")
    return place / "installed"


def _start(release: Path, script: str, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, url],
        env={**os.environ, "PYTHONPATH": str(release)},
        cwd=release,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
async def test_a_rolling_upgrade_repeats_nothing(
    release: Path, tmp_path: Path, number: signal.Signals
) -> None:
    url = f"sqlite:///{tmp_path}/runs.sqlite"
    old = _start(release, _WORK, url)
    assert old.stdout is not None
    for line in old.stdout:
        if line == "done\n":
            break
    old.send_signal(number)
    old.communicate(timeout=60)
    with pytest.raises(SchemaMismatch, match="db upgrade"):
        await Store.open(url)
    assert upgrade(url) == ("0003", HEAD)
    async with Store.opened(url, ttl=5) as store:
        before = {run.id: await store.calls(run.id) for run in await store.runs()}
        paid = {
            (run, call.key) for run, calls in before.items() for call in calls if call.state is CallState.DONE
        }
        assert len(paid) > 5
        model = scripted(
            lambda r, s: "Fine.\nScore: 40" if "Score" in r.messages[-1].content else f"answer {s}"
        )
        await work(store=store, model=model, until_empty=True)
        runs = await store.runs()
        assert {(run.status, run.error) for run in runs} == {(Status.DONE, None)}, json.dumps(
            [r.error for r in runs]
        )
        after = {run.id: await store.calls(run.id) for run in runs}
        done = Counter(
            (run, call.key) for run, calls in after.items() for call in calls if call.state is CallState.DONE
        )
        assert set(done.values()) == {1}
        assert paid <= set(done)
    late = _start(release, _OPEN, url)
    assert "written by a newer branchwise" in late.communicate(timeout=60)[1]
