"""The runner inside the sandbox: set limits, run the ordered program, report.

A script of its own, started with `python -I -S -B`; it imports the standard library and `values` beside it.
Three parts: "program" runs a program; "candidate" runs one and then answers calls of its functions; "examiner"
calls those functions over a pipe, as data, and compares what comes back. A candidate cannot reach the examiner.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import json
import os
import random
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

_SET_DEATH_SIGNAL, _SET_DUMPABLE = 1, 4
_LONGEST_LINE = 16 * 2**20
_LONGEST_ERROR = 200


def main(report: int) -> None:
    """Read the order from standard input and carry it out."""
    order = json.loads(sys.stdin.buffer.read())
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    values = _values()
    if order["walls"] and os.getuid() == 0:
        _take_own_user()
    _limit(order["limits"])
    if sys.platform.startswith("linux"):
        prctl = ctypes.CDLL(None).prctl
        prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        prctl(_SET_DUMPABLE, 1, 0, 0, 0)
    token = order.pop("token")

    def tell(**facts: object) -> None:
        os.write(report, json.dumps({"token": token, **facts}).encode() + b"\n")

    tell(begun=True)  # the program's time begins here
    {"program": _program, "candidate": _candidate, "examiner": _examiner}[order["part"]](order, values, tell)


def _values() -> ModuleType:
    """Import `values` from this script's folder without leaving it importable for the program."""
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        import values  # type: ignore[import-not-found]  # noqa: PLC0415
    finally:
        del sys.path[0]
    return sys.modules.pop(values.__name__)


def _take_own_user() -> None:
    """Take a user id that only this run uses, so that the process limit counts only this run."""
    user = 2**21 + random.SystemRandom().randrange(2**20)
    with contextlib.suppress(OSError):  # fails if bubblewrap maps user 0 to nobody: no other id exists
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def _limit(limits: Mapping[str, Any]) -> None:
    for name, most in (
        ("RLIMIT_CPU", (int(limits["seconds"]) + 2) * limits["processes"]),  # more than the wall time allows
        ("RLIMIT_AS", limits["memory"]),
        ("RLIMIT_FSIZE", limits["disk"]),
        ("RLIMIT_NOFILE", limits["files"]),
        ("RLIMIT_NPROC", limits["processes"]),
        ("RLIMIT_MEMLOCK", 0),
        ("RLIMIT_MSGQUEUE", 0),
        ("RLIMIT_SIGPENDING", 256),  # timers too, which are memory of the kernel
        ("RLIMIT_CORE", 0),
    ):
        kind = getattr(resource, name, None)
        with contextlib.suppress(ValueError, OSError):  # macOS lacks some limits
            if kind is not None:
                resource.setrlimit(kind, (most, most))


def _program(order: Mapping[str, Any], values: ModuleType, tell: Callable[..., None]) -> None:
    tell(error=_ended(lambda: _run(order["sources"], "__main__")))


def _run(sources: list[str], name: str) -> dict[str, Any]:
    """Run source texts one after another in one new module."""
    module = ModuleType(name)
    sys.modules[name] = module  # dataclasses and pickle look modules up there
    for source in sources:
        exec(compile(source, "program.py", "exec", dont_inherit=True), module.__dict__)  # noqa: S102
    return module.__dict__


def _ended(work: Callable[[], object]) -> str:
    """Do `work`; return its exception in one line, or the empty string."""
    try:
        work()
    except BaseException as error:
        return _line(error)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
    return ""


def _line(error: BaseException) -> str:
    try:
        text = str(error)[: 2 * _LONGEST_ERROR].partition("\n")[0]
    except BaseException:
        text = ""
    return f"{type(error).__name__}: {text}"[:_LONGEST_ERROR]


def _candidate(order: Mapping[str, Any], values: ModuleType, tell: Callable[..., None]) -> None:
    """Run the program; then answer each line `[name, arguments, keywords]` with a value or an exception."""
    with os.fdopen(order["calls"], "rb") as calls, os.fdopen(order["replies"], "wb", buffering=0) as replies:
        names: dict[str, Any] = {}
        error = _ended(lambda: names.update(_run(order["sources"], "program")))
        replies.write(values.dumps({"ready": error}).encode() + b"\n")
        for line in calls:
            name, arguments, keywords = values.loads(line)
            try:
                answer = {"value": names[name](*arguments, **keywords)}
                said = values.dumps(answer)
            except BaseException as problem:
                said = values.dumps({"raised": type(problem).__name__, "text": _line(problem)})
            replies.write(said.encode() + b"\n")


class ProgramEnded(Exception):
    """The candidate ended or sent no data."""


def _examiner(order: Mapping[str, Any], values: ModuleType, tell: Callable[..., None]) -> None:
    """Run the cases against the candidate and report each: its error, or the empty string."""
    with os.fdopen(order["calls"], "wb", buffering=0) as calls, os.fdopen(order["replies"], "rb") as replies:
        ready = _reply(replies, values).get("ready")
        if ready:
            tell(error=str(ready)[:_LONGEST_ERROR])
            return

        def candidate(*arguments: Any, **keywords: Any) -> Any:
            """Call the candidate's function over the pipe."""
            try:
                calls.write(values.dumps([order["name"], arguments, keywords]).encode() + b"\n")
            except OSError as error:
                raise ProgramEnded("no answer came") from error
            reply = _reply(replies, values)
            if "raised" in reply:
                raise _raised(str(reply["raised"]), str(reply.get("text", "")))
            return reply.get("value")

        names = _run(order["sources"], "examination")
        names[order["name"]] = names["candidate"] = candidate
        for more in order["tests"]:
            exec(compile(more, "tests.py", "exec", dont_inherit=True), names)  # noqa: S102
        for number, case in enumerate(order["cases"]):
            tell(case=number, error=_ended(lambda case=case: _case(case, names)))  # type: ignore[misc]
        tell(error="")


def _reply(replies: Any, values: ModuleType) -> dict[str, Any]:
    line = replies.readline(_LONGEST_LINE)
    try:
        reply = values.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        reply = None
    if not isinstance(reply, dict):
        raise ProgramEnded("no answer came, or none that is data")
    return reply


def _raised(name: str, text: str) -> BaseException:
    """An exception of the same built-in type, because tests may expect it.

    Not one that ends an iteration: within `map` it would end the tests' own as if all had passed.
    """
    kind = None if name in {"StopIteration", "StopAsyncIteration"} else getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        with contextlib.suppress(TypeError):
            return kind(text.removeprefix(f"{name}: "))
    return RuntimeError(text)


def _case(case: list[str], names: dict[str, Any]) -> None:
    """One case: `[statement]` must not raise; `[expression, expected]` must be equal."""
    if len(case) == 1:
        exec(compile(case[0], "tests.py", "exec", dont_inherit=True), names)  # noqa: S102
        return
    got, wanted = (eval(compile(one, "tests.py", "eval", dont_inherit=True), names) for one in case)  # noqa: S307
    if not got == wanted:
        raise AssertionError(f"it gives {repr(got)[:80]}")


if __name__ == "__main__":
    if sys.argv[1] == "--probe":
        _values()
        if os.getuid() == 0:
            _take_own_user()
        exec(sys.argv[2])  # noqa: S102 - ours
    else:
        main(int(sys.argv[1]))
