"""How a command ends: by Ctrl-C once or twice, by a reader that leaves, by a file that cannot be read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROBLEM = ROOT / "examples/calendar/two_people.txt"

_STUBBORN = """
import asyncio, time
from branchwise.cli.exits import run
async def work():
    print("begun", flush=True)
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.to_thread(time.sleep, 60)
run(work(), when_interrupted=lambda: "Go on with: this")
"""


def branchwise(*arguments: str, store: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "branchwise", *arguments],
        input=stdin.decode("latin-1"),
        encoding="latin-1",
        capture_output=True,
        env={**os.environ, "BRANCHWISE_STORE": str(store)},
        check=False,
        timeout=120,
        cwd=ROOT,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_ctrl_c_does_not_wait(number: signal.Signals) -> None:
    pipe, command = subprocess.PIPE, [sys.executable, "-c", _STUBBORN]
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        assert "again" in process.stderr.readline()
        process.send_signal(number)
        said = process.stderr.read()
    assert (process.returncode, said) == (130, "Interrupted. Go on with: this\n")


_EARLY = """
import os, signal, sys
from branchwise.cli import _heed_signals
sys.argv = ["branchwise", *sys.argv[2:]]
_heed_signals()
os.kill(os.getpid(), int(os.environ["SENT"]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["solve", "x"], 130),
        (["solve", "worker"], 130),
        (["worker"], 0),
        (["--config", "x", "serve"], 0),
        (["pool", "up"], 0),
        (["pool"], 130),
    ],
)
def test_a_signal_before_the_work_has_the_code_of_its_command(
    words: list[str], code: int, number: signal.Signals
) -> None:
    environment = {**os.environ, "SENT": str(int(number))}
    done = subprocess.run(
        [sys.executable, "-c", _EARLY, "-", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert "Interrupted" in done.stderr


def test_sigterm_is_heard_by_what_a_shell_runs_in_the_background() -> None:
    """There SIGINT is ignored."""
    before, _, call = _STUBBORN.replace("asyncio.to_thread(time.sleep, 60)", "asyncio.sleep(0)").rpartition(
        "run("
    )
    ignoring = f"""import signal, sys, typer
signal.signal(signal.SIGINT, signal.SIG_IGN)
{before}
try: run({call.strip()}
except typer.Exit as ended: sys.exit(ended.exit_code)
"""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", ignoring], stdout=pipe, stderr=pipe, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        said = process.stderr.read()
    assert (process.returncode, said) == (130, "Interrupted. Go on with: this\n")


@pytest.mark.parametrize("listing", ["strategies", "tasks"])
def test_who_reads_no_further_is_no_error(listing: str) -> None:
    """One is more than a buffer holds; the other is written when the command has ended."""
    pipe, command = subprocess.PIPE, [sys.executable, "-m", "branchwise", listing, "--json"]
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, cwd=ROOT, env=usual) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    store, binary = tmp_path / "runs.sqlite", tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    for arguments, stdin, said in (
        (("-f", str(tmp_path / "nothing")), b"", f"`{tmp_path}/nothing` cannot be read: No such file"),
        (("-f", str(binary)), b"", f"`{binary}` is not text in UTF-8"),
        (("-",), b"\xff\xfe", "no valid Unicode text"),
    ):
        done = branchwise("solve", *arguments, store=store, stdin=stdin)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not store.exists()


def test_each_code(tmp_path: Path) -> None:
    """All but 4, which is a web run's, and 3 and 130, which have tests of their own."""
    ask = ("solve", "-f", str(PROBLEM), "--task", "calendar", "--model", "uniform", "--strategy", "best_of_n")
    solved = branchwise(*ask, "-k", "n=200", store=tmp_path / "runs.sqlite")
    assert solved.returncode == 0
    assert "a program checked it" in solved.stdout
    spent = branchwise(*ask, "--calls", "1", "-k", "n=1", "--seed", "1", store=tmp_path / "runs.sqlite")
    assert spent.returncode == 1
    assert "best answer, not accepted" in spent.stdout
    assert branchwise("resume", "2", store=tmp_path / "runs.sqlite").returncode == 2
    assert "More than one run" in branchwise("show", "2", store=tmp_path / "runs.sqlite").stderr
    assert branchwise("no-such-command", store=tmp_path / "runs.sqlite").returncode == 2
