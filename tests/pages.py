"""Pages whose files and commands are carried out as a reader would: files are saved, commands typed into one shell.

A file is a path in backquotes on a line of its own, and the block below it. A block `console` holds commands after `$ `
and what each prints, in which `...` stands for anything. A comment `# exit code 4` names another end than 0.
"""

from __future__ import annotations

import doctest
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_FILE = re.compile(r"^`(?P<path>[\w./-]+)`\n\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODES = re.compile(r"# exit code (\d+(?: or \d+)*)")
_NOT_HERE = ("pip ", "apt ", "git ", "make ")
"""Commands that install; the tests run where everything is installed."""
_MARK = "@@@ended"


@dataclass(frozen=True)
class Command:
    """A command with what the page says of it."""

    typed: str
    prints: str
    codes: frozenset[int]


def files(page: str) -> dict[str, str]:
    """The files that a page has its reader save."""
    return {found["path"]: found["text"] for found in _FILE.finditer(page)}


def commands(page: str) -> list[Command]:
    """The commands of a page, in order, without those that install."""
    found = []
    for block in _CONSOLE.findall(page):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            typed, _, prints = part.partition("\n")
            codes = _CODES.search(typed)
            ends = frozenset(map(int, codes[1].split(" or "))) if codes else frozenset({0})
            if not typed.startswith(_NOT_HERE):
                found.append(Command(typed, prints, ends))
    return found


def carry_out(page: str, folder: Path, variables: Mapping[str, str], seconds: float = 200) -> None:
    """Save the page's files into the folder, type its commands there, and compare.

    Raises:
        AssertionError: A command ended or printed otherwise than the page says.
    """
    for path, text in files(page).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    typed = commands(page)
    assert typed
    lines = ["exec 2>&1"]
    for command in typed:
        lines += [command.typed, f'printf "\\n{_MARK} $?\\n"']
    lines.append("kill $(jobs -p) 2>/dev/null; wait")
    script = folder / ".typed.sh"
    script.write_text("\n".join(lines), encoding="utf-8")
    printed_all = _typed(script, {**_environment(folder), **variables}, seconds)
    ended = re.split(rf"\n{_MARK} (\d+)\n", printed_all)
    assert len(ended) == 2 * len(typed) + 1, printed_all
    for command, printed, code in zip(typed, ended[::2], ended[1::2], strict=False):
        assert int(code) in command.codes, f"$ {command.typed}\n{printed}\nexit code {code}"
        assert _agrees(command.prints, printed), f"$ {command.typed}\n{printed}\nis not\n{command.prints}"


def _typed(script: Path, environment: Mapping[str, str], seconds: float) -> str:
    """What the shell prints; it and all that it started end with this call."""
    with subprocess.Popen(
        ["bash", str(script)],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd=script.parent,
        env=environment,
        start_new_session=True,
    ) as shell:
        try:
            return shell.communicate(timeout=seconds)[0]
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)


def _agrees(shown: str, printed: str) -> bool:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(shown, printed, flags)


def _environment(folder: Path) -> dict[str, str]:
    """The environment of a reader with a home of its own and this environment's programs first."""
    home = folder / ".home"
    home.mkdir(exist_ok=True)
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"HOME": str(home), "PATH": programs, "COLUMNS": "200", "LC_ALL": "C.UTF-8"}
