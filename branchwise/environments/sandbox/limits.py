"""What a program may use, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from branchwise.store.errors import BranchwiseError

End = Literal["finished", "raised", "time", "output", "memory", "processes", "files", "died"]
"""It ran to its last line; an exception or a limit ended it; or something else did."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a program may use."""

    seconds: float = 5.0
    """Wall time; CPU time is limited to the next whole second."""
    memory: int = 512 * 2**20
    """Bytes of address space, of each process and of all together."""
    disk: int = 16 * 2**20
    """Bytes of its own temporary folder, the only place where it can write."""
    processes: int = 8
    """Processes and threads together."""
    files: int = 64
    """Open files of each process."""
    entries: int = 4000
    """Files and folders in its temporary folder."""
    output: int = 64 * 2**10
    """Bytes of standard output and error together; more ends the program."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a program ended."""

    end: End
    error: str
    """The exception's type and first line, or why the program was ended; empty when it finished."""
    output: str
    """Standard output and error, mixed."""
    seconds: float
    walls: frozenset[str]
    """What separated it from the machine: "files", "network", "processes" and "user"; none when unsafe."""


class SandboxError(BranchwiseError):
    """This machine lacks what it takes to run untrusted code; nothing was run."""
