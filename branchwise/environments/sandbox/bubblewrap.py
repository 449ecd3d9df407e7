"""Isolation of a program by bubblewrap, if it is installed and works (docs/decisions/0020)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from branchwise.environments.sandbox.limits import SandboxError
from branchwise.environments.sandbox.seccomp import seccomp_filter

UNSAFE = "BRANCHWISE_UNSAFE_SANDBOX"
"""Environment variable; `1` runs programs without isolation if bubblewrap does not work."""
HERE = Path(__file__).parent
WRITABLE = ("/tmp", "/dev/shm")  # noqa: S108
"""The folders inside where a program can write, each a file system of its own in memory."""
_INSIDE = "/sandbox"
"""Folder of the runner inside the sandbox."""
_INSTALL = (
    "Install bubblewrap (`apt install bubblewrap`, `dnf install bubblewrap`), or give --unsafe-sandbox to run "
    "programs that a model wrote with your own rights."
)
_SHARED_LIBRARIES = ("/lib", "/lib32", "/lib64", "/bin", "/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64")
_MORE = ("/usr/local/lib", "/usr/share/zoneinfo", "/etc/ld.so.cache")
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/",
    "USER": "nobody",
    "MALLOC_ARENA_MAX": "1",  # each other arena reserves 64 MB of the address space that is counted
}
_PROBE = "import csv, ctypes, decimal, hashlib, json, socket, sqlite3, ssl, zoneinfo, zlib"
_PROBE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Walls:
    """The isolation that a runner is started with."""

    root: bool
    """True: the program takes its own user id inside. False: bubblewrap maps the caller to nobody."""
    built: bool = True
    """False for --unsafe-sandbox: limits only, without isolation."""

    @property
    def names(self) -> frozenset[str]:
        """The isolated resources, as `Outcome.walls` lists them."""
        return frozenset({"files", "network", "processes", "user"} if self.built else ())

    def command(self, disk: int, seccomp: int, words: Sequence[str]) -> list[str]:
        """The command line of the runner.

        Args:
            disk: Bytes of each writable folder.
            seccomp: File descriptor that the filter is read from.
            words: The runner's own arguments.
        """
        runner = f"{_INSIDE if self.built else HERE}/child.py"
        python = [_interpreter(), "-I", "-S", "-B", runner, *words]
        return [*_bubblewrap(disk, seccomp, root=self.root), *python] if self.built else python


def allow_unsafe() -> None:
    """Let this process and its children run programs without isolation if bubblewrap does not work."""
    os.environ[UNSAFE] = "1"


def walls() -> Walls:
    """The isolation available on this machine; the first call probes it, in a fraction of a second.

    Raises:
        SandboxError: None works, and --unsafe-sandbox was not given.
    """
    found = _probed()
    if isinstance(found, Walls):
        return found
    if os.environ.get(UNSAFE) == "1" and os.name == "posix":
        return Walls(root=False, built=False)
    raise SandboxError(f"Programs that a model wrote are not run here: {found}; nothing was run.")


@cache
def _probed() -> Walls | str:
    """The isolation that works, or the reason why none does."""
    if os.name != "posix":
        return "Windows has no sandbox for them. Use Linux with bubblewrap, for example in WSL 2"
    if not sys.platform.startswith("linux"):
        return f"only Linux has bubblewrap. {_INSTALL.partition(', or ')[2].capitalize().rstrip('.')}"
    if shutil.which("bwrap") is None:
        return f"bubblewrap is not installed. {_INSTALL.rstrip('.')}"
    if seccomp_filter() is None:
        return f"there is no filter of system calls for this processor. {_INSTALL.rstrip('.')}"
    said = ""
    for root in (True, False) if os.geteuid() == 0 else (False,):
        built = Walls(root=root)
        said = _tried(built)
        if not said:
            return built
    return (
        f"bubblewrap is installed and does not work ({said}). User namespaces may be switched off, or a container's "
        f"own filter forbids them. {_INSTALL.partition(', or ')[2].capitalize().rstrip('.')}"
    )


def _tried(built: Walls) -> str:
    """Import parts of the standard library in the sandbox; returns the error in one line, or an empty string."""
    reading = filter_pipe()
    try:
        done = subprocess.run(  # noqa: S603  our own command
            built.command(2**20, reading, ["--probe", _PROBE]),
            pass_fds=(reading,),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={},
            cwd="/",
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)[:200]
    finally:
        os.close(reading)
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return "" if done.returncode == 0 else (lines or [f"exit code {done.returncode}"])[-1][:200]


def filter_pipe() -> int:
    """Write the system call filter into a pipe; returns the reading end."""
    reading, writing = os.pipe()
    os.write(writing, seccomp_filter() or b"")
    os.close(writing)
    return reading


def _interpreter() -> str:
    """The real interpreter, not a virtual environment's link to it."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def _bubblewrap(disk: int, seccomp: int, *, root: bool) -> list[str]:
    words = [shutil.which("bwrap") or "bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net"]
    words += ["--unshare-uts", "--unshare-cgroup-try", "--hostname", "sandbox"]
    if root:  # the kernel does not limit processes of user 0, so the runner takes another user id
        words += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        words += [
            "--unshare-user",
            "--disable-userns",
            "--uid",
            "65534",
            "--gid",
            "65534",
            "--cap-drop",
            "ALL",
        ]
    words += ["--die-with-parent", "--new-session", "--clearenv", "--seccomp", str(seccomp)]
    for name, value in _ENVIRONMENT.items():
        words += ["--setenv", name, value]
    made: set[Path] = set()
    for place in _visible():
        for parent in sorted(set(Path(place).parents) - {Path("/")} - made):
            words += ["--perms", "0755", "--dir", str(parent)]
            made.add(parent)
        if Path(place).is_symlink() and Path(place).parent == Path("/"):
            words += ["--symlink", str(Path(place).readlink()), place]
        else:
            words += ["--ro-bind-try", place, place]
    words += ["--ro-bind", str(HERE), _INSIDE, "--proc", "/proc", "--dev", "/dev"]
    words += [
        "--perms",
        "0555",
        "--size",
        "4096",
        "--tmpfs",
        "/proc/1",
    ]  # hides bubblewrap's own process, which has the same user
    words += ["--remount-ro", "/dev"]
    for folder in WRITABLE:
        words += ["--perms", "1777", "--size", str(disk), "--tmpfs", folder]
    return [*words, "--chdir", WRITABLE[0], "--remount-ro", "/"]


@cache
def _visible() -> tuple[str, ...]:
    """Paths readable inside: shared libraries, system programs, the interpreter and its library."""
    base = Path(sys.base_exec_prefix)
    own = [_interpreter(), sysconfig.get_path("stdlib"), str(base / "lib"), str(base / sys.platlibdir)]
    seen: list[str] = []
    for place in (*_SHARED_LIBRARIES, *_MORE, *own):
        covered = any(Path(place).is_relative_to(parent) for parent in seen)
        if Path(place).exists() and not covered:
            seen.append(place)
    return tuple(seen)
