"""Client of the child process that calls slow libraries; it is killed on timeout."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from branchwise.store.records import Json

_CHILD = Path(__file__).with_name("library_child.py")
_SECONDS = 3.0
"""Wall time that one question may take; the first one of a kind also imports its library."""
_STARTING = 30.0
_MOST_SLOW = 10_000
"""Most texts remembered because a question about them timed out."""
_KEPT = ("PATH", "PYTHONPATH", "SYSTEMROOT", "LANG", "LC_ALL", "HOME")
"""Environment variables passed to the child; API keys are not among them."""


class Child:
    """One warm child process, started at the first question and restarted after a kill; thread-safe."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._slow: set[str] = set()

    def ask(self, what: str, *arguments: str, seconds: float = _SECONDS) -> Json:
        """The answer to one question; None if the library is missing, failed or timed out.

        A text of a question that timed out is not tried again.

        Args:
            what: A function of `library_child.py`.
            arguments: Its arguments; invalid UTF-8 is replaced.
            seconds: Wall time until the child is killed; a library's first question is given half a minute.
        """
        if not self._slow.isdisjoint(arguments):
            return None
        line = json.dumps([what, *(text.encode("utf-8", "replace").decode() for text in arguments)])
        with self._lock:
            process = self._running()
            limit = seconds if what in self._known else max(seconds, _STARTING)
            timer = threading.Timer(limit, process.kill)
            timer.daemon = True
            timer.start()
            try:
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(line + "\n")
                process.stdin.flush()
                said = process.stdout.readline()
            except OSError:
                said = ""
            finally:
                timer.cancel()
            if not said:
                # A text that hung once would hang again in every comparison of a vote.
                self._slow.update(arguments if len(self._slow) < _MOST_SLOW else ())
                self._stop()
                return None
            self._known.add(what)
            answer: Json = json.loads(said)
            return answer

    def close(self) -> None:
        """End the child; the next question starts another."""
        with self._lock:
            self._stop()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._process = subprocess.Popen(  # noqa: S603 - our own program, run by this interpreter
                [sys.executable, "-P", str(_CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
                text=True,
                encoding="utf-8",
            )
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        self._known.clear()
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # unsent data cannot be flushed
                    continue


_CHILDREN: dict[int, Child] = {}


def ask(what: str, *arguments: str) -> Json:
    """Ask this process's child; see `Child.ask`. A forked process gets a child of its own."""
    if os.getpid() not in _CHILDREN:
        _CHILDREN.clear()
        child = _CHILDREN[os.getpid()] = Child()
        atexit.register(child.close)
    return _CHILDREN[os.getpid()].ask(what, *arguments)
