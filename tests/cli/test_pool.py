"""`branchwise pool` as a person types it, with a fake engine that starts at once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from branchwise import models
from branchwise.models.pool import Pool
from branchwise.serving.hardware import here
from branchwise.serving.trial_log import LoggedTrial, log, shape_of
from branchwise.store.errors import UnknownName
from tests.cli.typed import completed

ROOT = Path(__file__).parents[2]
FAKE = ROOT / "tests/serving/fake_engine.py"


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    model = tmp_path / "model"
    model.mkdir()
    output_format = {
        "hidden_size": 96,
        "num_attention_heads": 6,
        "num_hidden_layers": 2,
        "intermediate_size": 128,
    }
    (model / "config.json").write_text(
        json.dumps({**output_format, "vocab_size": 10, "max_position_embeddings": 512})
    )
    file = tmp_path / "profile.toml"
    file.write_text(
        f"""
        model = "{model}"
        device = "cpu"
        replicas = 2
        command = ["{sys.executable}", "{FAKE}"]
        grace_seconds = 1.0
        [options]
        max_model_len = 512
        """
    )
    return file


class Shell:
    def __init__(self, home: Path) -> None:
        self.given = {"XDG_STATE_HOME": str(home), "COLUMNS": "200"}

    @property
    def environment(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if name != "BRANCHWISE_VLLM"} | self.given

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "branchwise", "pool", *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=self.environment, cwd=ROOT)

    def __call__(self, *words: str, code: int = 0) -> str:
        out, err = self._done(*words, code=code)
        return out + err

    def json(self, *words: str) -> Any:
        return json.loads(self._done(*words, "--json", code=0)[0])

    def _done(self, *words: str, code: int) -> tuple[str, str]:
        """A command that leaves processes behind has one of its own."""
        if words[0] == "up":
            with self.start(*words) as process:
                out, err = process.communicate(timeout=60)
            returned = process.returncode
        else:
            given: dict[str, Any] = {"BRANCHWISE_VLLM": None, **self.given}
            done = completed("pool", *words, **given)
            out, err, returned = done.stdout, done.stderr, done.returncode
        assert returned == code, out + err
        return out, err


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path / "state")
    yield shell
    for one in shell.json("status"):
        shell("down", "--now", one["name"])


def test_up_status_logs_down(pool: Shell, profile: Path) -> None:
    begun = pool.json("up", "--profile", str(profile), "--detach")
    assert (begun["name"], begun["served"], len(begun["replicas"])) == ("default", "model", 2)
    [seen] = pool.json("status")
    assert seen["alive"] and seen["ready"]  # noqa: PT018 - both say the same thing
    assert seen["replicas"][0]["load"] == {
        "running": 0,
        "waiting": 0,
        "prompt_tokens": 100,
        "cached_tokens": 40,
        "completion_tokens": 0,
        "finished": 0,
        "preempted": 0,
    }
    shown = pool("status")
    assert "ready" in shown
    assert "40%" in shown
    assert seen["replicas"][0]["url"] in shown
    assert "[0] fake engine says hello" in pool("logs")
    assert pool("logs", "--replica", "1").startswith("fake engine says hello")
    assert "replicas 0 to 1" in pool("logs", "--replica", "9", code=2)
    assert "is already running" in pool("up", "--profile", str(profile), code=2)
    assert "is down" in pool("down")
    assert pool.json("status") == []
    assert "no pool `default`" in pool("down", code=2)


def test_followed_logs_end_with_the_pool(pool: Shell, profile: Path) -> None:
    pool("up", "-p", str(profile), "--detach", "--name", "mine", "--replicas", "1")
    with pool.start("logs", "mine", "--follow") as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == "fake engine says hello\n"
        pool("down", "mine")
        assert follower.wait(timeout=20) == 0


def test_in_the_foreground_ctrl_c_ends_it_in_good_order(pool: Shell, profile: Path) -> None:
    with pool.start("up", "-p", str(profile), "--json") as process:
        assert process.stdout is not None
        begun = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    port = int(begun["replicas"][0]["url"].removesuffix("/v1").rsplit(":")[-1])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_an_engine_that_cannot_start_is_a_failure_with_its_last_words(pool: Shell, profile: Path) -> None:
    profile.write_text(profile.read_text() + '\n[environment]\nFAKE_DIES = "3"\n')
    for words in ((), ("--detach",)):
        said = pool("up", "-p", str(profile), *words, code=3)
        assert "ended with code 3 before it answered" in said
        assert "no such weights" in said
    assert "no such weights" in pool("status")


def test_a_killed_supervisor_shows_as_dead_and_can_be_forgotten(pool: Shell, profile: Path) -> None:
    begun = pool.json("up", "-p", str(profile), "-d")
    os.kill(begun["pid"], signal.SIGKILL)
    ends = time.monotonic() + 10
    while "dead" not in (shown := pool("status")):
        assert time.monotonic() < ends, shown
    assert "already dead" in pool("down")
    assert "No pool is running" in pool("status")


def test_what_cannot_work_is_said_before_anything_starts(pool: Shell, profile: Path) -> None:
    said = pool("up", "-p", str(profile), "-o", "max_model_length=8", code=2)
    assert (
        said
        == "branchwise: There is no setting in [options] `max_model_length`. Did you mean `max_model_len`?\n"
    )


def test_a_dry_run_prints_the_commands(pool: Shell, profile: Path) -> None:
    plan = pool.json(
        "up", "-p", str(profile), "--dry-run", "--devices", "0-1;2-3", "-o", "enforce_eager=true"
    )
    assert [one["environment"] for one in plan] == [
        {"VLLM_CPU_OMP_THREADS_BIND": "0-1"},
        {"VLLM_CPU_OMP_THREADS_BIND": "2-3"},
    ]
    assert "--enforce-eager" in plan[0]["command"]
    assert plan[0]["command"][-3:-1] == ["--max-model-len", "512"]
    assert pool.json("status") == []


async def test_a_running_pool_is_a_model_by_its_name(
    pool: Shell, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = pool.json("up", "--profile", str(profile), "--name", "mine", "--detach")
    monkeypatch.setenv("XDG_STATE_HOME", pool.given["XDG_STATE_HOME"])
    model = models.load("pool:mine")
    assert isinstance(model, Pool)
    assert [one.url for one in model.states()] == [one["url"] for one in begun["replicas"]]
    assert model.name == "pool:model"
    await model.aclose()
    with pytest.raises(UnknownName, match="Did you mean `mine`"):
        models.load("pool:mime")


def test_estimate_bounds_a_model_on_a_device(pool: Shell, profile: Path) -> None:
    folder = str(profile.parent / "model")
    said = pool.json("estimate", "--model", folder, "--device", "H100-SXM", "--batch", "1,64")
    assert [row["batch"] for row in said["rows"]] == [1, 64]
    assert said["rows"][1]["bound"]["tokens_per_second"] > said["rows"][0]["bound"]["tokens_per_second"]
    assert "H100-SXM (data sheet)" in pool("estimate", "--model", folder, "--device", "H100-SXM")
    assert "H100-SXM" in pool("estimate", "--model", folder, "--device", "H100-SX", code=2)
    assert "Which model?" in pool("estimate", code=2)
    pool("estimate", "--model", folder, "--batch", "1,none", code=2)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_running_pool_is_measured_beside_the_bound_of_what_it_runs_on(
    pool: Shell, profile: Path, device: str
) -> None:
    python = profile.parent / "bin/python"
    python.parent.mkdir()
    python.write_text(
        '#!/bin/sh\necho "{\\"name\\": \\"my $2\\", \\"bandwidth\\": 1e12, \\"flops\\": 1e14}"\n'
    )
    python.chmod(0o755)
    pool.given["BRANCHWISE_VLLM"] = str(profile.parent)
    profile.write_text(profile.read_text().replace('"cpu"', f'"{device}"') + '\ndtype = "float"\n')
    pool("up", "--profile", str(profile), "--name", "mine", "--detach")
    said = pool("estimate", "mine", "--batch", "1,8")
    assert f"my {device} (measured here)" in said
    assert "in float32" in said, "as the engine was told, whatever the model's own type is"
    assert "batch 8" in said, "a person sees what it is at"
    assert "of the bound" in said
    assert [row["batch"] for row in pool.json("estimate", "mine", "--batch", "1,8")["rows"]] == [1, 8]


def test_tune_keeps_the_fastest_setting_and_up_uses_it(pool: Shell, profile: Path) -> None:
    file = str(profile)
    assert "not tuned" in pool("up", "--profile", file, "--tuned", "--dry-run", code=2)
    workload = profile.parent / "prompts.jsonl"
    workload.write_text('{"prompt": "one", "n": 2, "max_tokens": 8}\n' * 3)
    words = ("--workload", str(workload), "--try", "max_num_seqs=1,40", "--try", "max_model_len=256,100000")
    said = pool.json("tune", "--profile", file, *words)
    best, *others = said["trials"]
    assert best["settings"] == {"max_num_seqs": 40, "max_model_len": 256}
    assert len(others) == 4
    assert {one["settings"].get("max_model_len") for one in others if one["failed"]} == {100000}
    assert "--max-num-seqs 40" in pool("up", "--profile", file, "--tuned", "--dry-run")
    assert not pool.json("status"), "no engine is left"
    said = pool("choose", "--profile", file, "--workload", str(workload), code=2)
    assert "workloads at least, and there are 1" in said, "the trials are logged, and one workload is too few"


def test_choose_learns_from_the_trials_of_other_workloads(
    pool: Shell, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", pool.given["XDG_STATE_HOME"])
    words: list[str] = []
    for n in (1, 4, 64):
        body = {"messages": [{"role": "user", "content": "one"}], "n": n, "max_tokens": 8}
        rates = {64: 30.0 if n == 64 else 12.0, 8: 10.0}
        trials = [
            LoggedTrial(
                workload=str(n),
                shape=shape_of([body], 64),
                settings={"max_num_seqs": size} if size == 64 else {},
                tokens_per_second=rate,
            )
            for size, rate in rates.items()
        ]
        log("model", here(cuda=False), trials)
        workload = profile.parent / f"{n}.jsonl"
        workload.write_text(json.dumps({"prompt": "one", "n": n, "max_tokens": 8}) + "\n")
        words = ["choose", "--profile", str(profile), "--workload", str(workload)]
    said = pool(*words)
    assert "--set max_num_seqs=64  3.00" in said
    assert "best fixed setting 1.63" in said
    assert "no gain" in said


def test_tune_refuses_what_it_cannot_use(pool: Shell, profile: Path) -> None:
    file = str(profile)
    said = pool("tune", "--profile", file, "--try", "max_num_seq=1", code=2)
    assert "max_num_seqs" in said
    assert "requests each" not in said, "nothing began"
    assert "name=a,b" in pool("tune", "--profile", file, "--try", "max_num_seqs", code=2)
    workload = profile.parent / "prompts.jsonl"
    workload.write_text('{"n": 2}\n')
    assert "Line 1" in pool("tune", "--profile", file, "--workload", str(workload), code=2)
