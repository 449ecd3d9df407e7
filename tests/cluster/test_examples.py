"""The files for clusters: their commands exist, their parts fit, their query counts what a worker would take."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer
import yaml

from branchwise.cli.app import app
from branchwise.graphs.search.submit import submit
from branchwise.store.rows import Status
from branchwise.store.store import Store
from tests.integrations.upstream import upstream

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples/cluster"


def manifests(name: str) -> dict[str, Any]:
    texts = (FOLDER / name).read_text(encoding="utf-8")
    return {one["kind"]: one for one in yaml.safe_load_all(texts)}


def commands() -> list[list[str]]:
    slurm = re.search(r"srun branchwise (.*)", (FOLDER / "workers.sbatch").read_text(encoding="utf-8"))
    unit = re.search(
        r"ExecStart=\S+ (.*)", (FOLDER / "branchwise-worker@.service").read_text(encoding="utf-8")
    )
    job = manifests("rayjob.yaml")["RayJob"]["spec"]["entrypoint"].removeprefix("branchwise ")
    [container] = manifests("keda.yaml")["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert slurm is not None
    assert unit is not None
    return [shlex.split(slurm[1]), shlex.split(unit[1]), shlex.split(job), container["args"]]


@pytest.mark.parametrize("words", commands(), ids=lambda words: " ".join(words)[:40])
def test_their_commands_are_ours(words: list[str]) -> None:
    command = typer.main.get_command(app)
    worker = command.commands["worker"]  # type: ignore[attr-defined]
    with worker.make_context("worker", words[1:]) as context:
        assert words[0] == "worker"
        assert context.params["concurrency"] == 8


def test_the_deployment_is_scaled_by_its_own_secret() -> None:
    found = manifests("keda.yaml")
    deployment, scaled = found["Deployment"], found["ScaledObject"]
    pod = deployment["spec"]["template"]["spec"]
    [container], [trigger] = pod["containers"], scaled["spec"]["triggers"]
    assert scaled["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert (
        deployment["spec"]["selector"]["matchLabels"] == deployment["spec"]["template"]["metadata"]["labels"]
    )
    assert "replicas" not in deployment["spec"]  # they are KEDA's
    assert trigger["authenticationRef"]["name"] == found["TriggerAuthentication"]["metadata"]["name"]
    [held] = found["TriggerAuthentication"]["spec"]["secretTargetRef"]
    [given] = container["env"]
    reference = given["valueFrom"]["secretKeyRef"]
    assert (held["name"], held["key"]) == (reference["name"], reference["key"])
    assert pod["terminationGracePeriodSeconds"] >= 30
    assert all(isinstance(value, str) for value in trigger["metadata"].values())
    assert (
        container["args"][container["args"].index("--concurrency") + 1]
        == trigger["metadata"]["targetQueryValue"]
    )


@pytest.mark.postgres
async def test_its_query_counts_what_a_worker_would_take(postgres: str) -> None:
    query = manifests("keda.yaml")["ScaledObject"]["spec"]["triggers"][0]["metadata"]["query"]
    async with Store.opened(postgres) as store:

        async def counted() -> int:
            found: int = await store.database.aread(lambda c: c.scalar(sa.text(query)))
            return found

        common = {"task": "t", "strategy": "s", "model": "m", "spec": {}}
        assert await counted() == 0
        for _ in range(3):
            await store.create_run(**common, queue="default")  # type: ignore[arg-type]
        await store.create_run(**common, queue="other")  # type: ignore[arg-type]
        await store.create_run(**common)  # type: ignore[arg-type]
        first, second = await store.claim_next(), await store.claim_next()
        assert first is not None
        assert second is not None
        assert await counted() == 3
        await store.finish(first, status=Status.DONE)
        await store.finish(second, status=Status.WAITING, wake=time.time() + 3600)
        assert await counted() == 1 == await store.open_in()
        await store.database.awrite(lambda c: c.execute(sa.text("UPDATE runs SET wake = 1 WHERE wake > 1")))
        assert await counted() == 2


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    text = (FOLDER / "branchwise-worker@.service").read_text(encoding="utf-8")
    unit = tmp_path / "branchwise-worker@1.service"
    unit.write_text(text.replace("/opt/branchwise/bin/branchwise", sys.executable), encoding="utf-8")
    checked = ["systemd-analyze", "verify", "--man=no", str(unit)]
    done = subprocess.run(checked, capture_output=True, text=True, check=False, timeout=60)
    said = [line for line in done.stderr.splitlines() if "branchwise" in line]
    assert not said, done.stderr


def _directives() -> dict[str, str]:
    text = (FOLDER / "workers.sbatch").read_text(encoding="utf-8")
    return dict(re.findall(r"^#SBATCH --([a-z-]+)=(\S+)$", text, re.MULTILINE))


async def test_an_array_job_hands_runs_back_before_its_limit(tmp_path: Path) -> None:
    """A scheduler of our own: it starts the array, signals the steps as the script asks, and kills at the limit."""
    asked = _directives()
    name, lead = asked["signal"].split("@")
    first, last = map(int, asked["array"].split("-"))
    assert last - first + 1 == 8
    (tmp_path / "srun").write_text('#!/bin/sh\nexec "$@"\n')
    (tmp_path / "branchwise").write_text(f'#!/bin/sh\nexec {sys.executable} -m branchwise "$@"\n')
    for program in ("srun", "branchwise"):
        (tmp_path / program).chmod(0o755)
    url = f"sqlite:///{tmp_path}/runs.sqlite"
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "BRANCHWISE_STORE": url}

    def started() -> list[subprocess.Popen[bytes]]:
        script = ["bash", str(FOLDER / "workers.sbatch")]
        return [
            subprocess.Popen(script, cwd=ROOT, env=environment | {"SLURM_ARRAY_TASK_ID": str(task)})
            for task in range(2)  # of eight, on a small machine
        ]

    async with upstream(0.3) as seen, Store.opened(url) as store:
        problems = [f"problem {i}" for i in range(60)]
        search: dict[str, Any] = {"strategy": "best_of_n", "knobs": {"n": 1}, "model": "openai-compatible:m"}
        await submit(problems, base_url=seen.url, store=store, **search)
        steps = started()
        while len(seen.traces) < 30:
            assert any(step.poll() is None for step in steps)
            await asyncio.sleep(0.1)
        for step in steps:
            step.send_signal(signal.Signals[f"SIG{name}"])
        async with asyncio.timeout(int(lead)):
            codes = [await asyncio.to_thread(step.wait) for step in steps]
        assert codes == [0, 0]
        left = Counter(run.status for run in await store.runs())
        assert left[Status.RUNNING] == 0
        assert left[Status.QUEUED] > 0
        codes = [await asyncio.to_thread(step.wait) for step in started()]
        assert codes == [0, 0]
        assert {run.status for run in await store.runs()} == {Status.DONE}
        calls = [call for run in await store.runs() for call in await store.calls(run.id)]
        done = sum(call.state == "done" for call in calls)
        assert done <= len(seen.traces) <= len(calls)
