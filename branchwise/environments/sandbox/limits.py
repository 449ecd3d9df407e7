"""Limits of a sandboxed program, and its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from branchwise.store.errors import BranchwiseError

End = Literal["finished", "raised", "time", "output", "memory", "processes", "files", "died"]
"""Ran to its last line ("finished"), or was ended by an exception, a limit or another cause ("died")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Limits of a program's resources."""

    seconds: float = 5.0
    """Wall time."""
    memory: int = 512 * 2**20
    """Bytes of address space, of each process; of all together, with its files."""
    disk: int = 16 * 2**20
    """Bytes of each of the two folders in memory where it can write: `/tmp` and `/dev/shm`."""
    processes: int = 8
    """Processes and threads together."""
    files: int = 64
    """Open files of each process."""
    entries: int = 4000
    """Files and folders in each of the two."""
    output: int = 64 * 2**10
    """Bytes of standard output and error together; more ends the program."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgramOutcome:
    """Outcome of a program."""

    end: End
    error: str
    """The exception's type and first line, or the reason of the end; empty if it finished."""
    output: str
    """Standard output and error, mixed."""
    seconds: float
    walls: frozenset[str]
    """Isolated resources: "files", "network", "processes" and "user"; none with --unsafe-sandbox."""


class SandboxError(BranchwiseError):
    """Untrusted code cannot be run on this machine; nothing was run."""
