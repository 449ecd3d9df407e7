"""Errors of user code (checkers, strategies, watchers) as a sentence that names the place."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Iterable
from pathlib import Path

from branchwise.store.errors import CodeFailed

_OURS = str(Path(__file__).resolve().parent.parent)
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
_INSTALLED = frozenset({"site-packages", "dist-packages"})


def failed(what: str, error: Exception, *, node: str = "") -> CodeFailed:
    """Make a CodeFailed that names what failed, its file and line, and the node.

    Args:
        what: What failed, as the beginning of a sentence: "The checker of the task `x`".
        error: The exception it raised; raise the result `from` it.
        node: The node of the tree that it was called for, if any.
    """
    about = f" on node {node}" if node else ""
    reason = f"{type(error).__name__}: {error}"[:1000]
    return CodeFailed(f"{what} failed{about}, {place(error)}: {reason}")


def place(error: BaseException) -> str:
    """Where an exception came from: the last traceback line in the caller's own code."""
    frames = traceback.extract_tb(error.__traceback__)
    found = (_callers(frames) or frames)[-1:]
    return f"in {found[0].filename} line {found[0].lineno}" if found else "in a place that is not known"


def passed_callers_code(error: BaseException) -> bool:
    """Whether an exception came from, or went through, the caller's own code."""
    return bool(_callers(traceback.extract_tb(error.__traceback__)))


def _callers(frames: Iterable[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """Those in the caller's own code: neither branchwise's nor an installed library's."""
    return [
        frame
        for frame in frames
        if not frame.filename.startswith((_OURS, "<", *_LIBRARIES))
        and _INSTALLED.isdisjoint(Path(frame.filename).parts)
    ]
