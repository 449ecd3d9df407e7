"""Five scheduling problems, a text with requirements, and a workflow that is killed and resumed; no key, no network."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
PROBLEMS = sorted((HERE / "calendar").glob("*.txt"))
BRANCHWISE = [sys.executable, "-m", "branchwise"]
TEXT = "Write a short note that invites a friend to lunch on Friday."
REQUIRED = ("words=15..45", "contains=Friday", "forbids=dear")


def main() -> int:
    """Run the commands that a person would type; say before each what it shows.

    Returns:
        The exit code: 0 when every step did what it shows.
    """
    began, failed = time.monotonic(), []
    for number, problem in enumerate(PROBLEMS, start=1):
        _say(f"{number} of {len(PROBLEMS)}: a program checks each answer; what it refutes is not drawn again")
        print(problem.read_text(encoding="utf-8").strip() + "\n", flush=True)
        file = os.path.relpath(problem)
        failed += _run("solve", "--file", file, "--task", "calendar", "--tokens", "20000")
    _say("the last run: its tree, and why each strategy was chosen")
    failed += _run("show", "last", "--why")
    _say("a text with requirements: programs check them, and a new draft is told what was wrong")
    asked = [word for one in REQUIRED for word in ("--require", one)]
    failed += _run("solve", TEXT, *asked, "--tokens", "4000")
    _say(
        "a workflow of plain LangGraph nodes: killed after its first step, it repeats nothing when it is resumed"
    )
    failed += _killed_and_resumed()
    _say(f"done in {time.monotonic() - began:.0f} s; {failed or 'all steps did what they show'}")
    return 1 if failed else 0


def _say(text: str) -> None:
    print(f"\n# {text}", flush=True)


def _run(*words: str, ends: Sequence[int] = (0,)) -> list[str]:
    """Run a command of branchwise; its name if it ended otherwise than expected."""
    print(f"$ branchwise {' '.join(word if ' ' not in word else repr(word) for word in words)}", flush=True)
    code = subprocess.run([*BRANCHWISE, *words], check=False, env=_environment()).returncode
    return [] if code in ends else [f"{words[0]} ended with {code}"]


def _environment() -> dict[str, str]:
    path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return {**os.environ, "PYTHONPATH": path}


def _killed_and_resumed() -> list[str]:
    """Run `killed.py`: its workflow dies between its steps and is run again under the same id."""
    print("$ python examples/killed.py", flush=True)
    done = subprocess.run(
        [sys.executable, HERE / "killed.py"], stdout=subprocess.PIPE, text=True, check=False
    )
    print(done.stdout.rstrip(), flush=True)
    as_shown = done.stdout == (HERE / "killed.out").read_text(encoding="utf-8")
    return [] if as_shown else ["killed.py printed something else than killed.out"]


if __name__ == "__main__":
    sys.exit(main())
