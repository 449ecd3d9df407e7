"""Registry of running pools: one JSON file per pool, and a lock held while its supervisor lives.

The lock, not the process id, shows whether a supervisor runs: the kernel releases it however the
supervisor dies, and other processes never acquire it by chance.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import platformdirs

try:
    import fcntl
except ImportError:  # Windows lacks these locks, so pools are not supported there
    fcntl = None  # type: ignore[assignment]
from pydantic import TypeAdapter, ValidationError

from branchwise.store.errors import BadInput, ModelError, StoreError, UnknownName

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Phase(StrEnum):
    """Lifecycle phase of a replica."""

    STARTING = "starting"
    """Its process runs and does not answer yet."""
    READY = "ready"
    WAITING = "waiting"
    """It died and will be restarted."""
    DRAINING = "draining"
    """It finishes its requests and receives no new ones."""
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineRecord:
    """One engine of a pool."""

    index: int
    url: str
    """Its base URL, `http://127.0.0.1:8000/v1`."""
    log: str
    devices: str = ""
    """The GPUs or CPU cores it is bound to; empty if not bound."""
    phase: Phase = Phase.STARTING
    since: float = 0.0
    """When it entered this phase, in seconds since the epoch."""
    pid: int | None = None
    restarts: int = 0
    note: str = ""
    """The reason for this phase, if not obvious."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolState:
    """The state of a pool as last written by its supervisor."""

    name: str
    model: str
    """The weights the engines load: a folder or a hub name."""
    served: str
    """The model's name in requests."""
    pid: int
    """The supervisor's."""
    started: float
    replicas: tuple[EngineRecord, ...] = ()
    cuda: bool = False
    """Whether the engines run on NVIDIA GPUs."""
    dtype: str = ""
    """The engines' number type; empty for the model's own."""
    failed: str = ""
    """Why the pool failed; empty while it runs."""

    @property
    def ready(self) -> bool:
        """Whether every replica answers."""
        return bool(self.replicas) and all(replica.phase is Phase.READY for replica in self.replicas)


def running(name: str = "default") -> tuple[str, ...]:
    """Return the base URLs of a running pool's ready replicas, in order of their index.

    Args:
        name: The pool's name, as `branchwise pool status` prints it.

    Raises:
        UnknownName: No pool of that name runs.
        ModelError: It runs, but none of its replicas answers now.
    """
    state = read(name)
    if state is None or not alive(name):
        raise UnknownName("running pool", name, names())
    urls = tuple(replica.url for replica in state.replicas if replica.phase is Phase.READY)
    if not urls:
        raise ModelError(f"No replica of the pool `{name}` answers now: see `branchwise pool status {name}`.")
    return urls


def served(name: str = "default") -> str:
    """Return the name under which the pool's engines serve their model.

    Raises:
        UnknownName: No pool of that name runs.
    """
    state = read(name)
    if state is None or not alive(name):
        raise UnknownName("running pool", name, names())
    return state.served


def names() -> list[str]:
    """Return the names of all pools that run."""
    known = sorted(path.stem for path in folder().glob("*.json"))
    return [name for name in known if alive(name)]


def folder() -> Path:
    """The folder of the pool files: `pools` in the user's state directory, private to the user."""
    place = Path(platformdirs.user_state_dir("branchwise", appauthor=False)) / "pools"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def logs(name: str) -> Path:
    """The folder of the pool's log files."""
    place = folder() / f"{_checked(name)}.logs"
    place.mkdir(mode=0o700, exist_ok=True)
    return place


def read(name: str) -> PoolState | None:
    """Return the stored state of a pool, which may be dead, or None.

    Raises:
        StoreError: The file does not describe a pool.
    """
    file = folder() / f"{_checked(name)}.json"
    try:
        return _STATE.validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except (ValidationError, OSError) as error:
        raise StoreError(f"The file `{file}` does not describe a pool: remove it.") from error


def write(state: PoolState) -> None:
    """Write a pool's state atomically, readable by its owner alone."""
    path = folder() / f"{_checked(state.name)}.json"
    half = path.with_suffix(f".{os.getpid()}.half")
    with os.fdopen(
        os.open(half, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(asdict(state), file, indent=1)
    half.replace(path)


def forget(name: str) -> None:
    """Remove a pool's file; its logs remain."""
    (folder() / f"{_checked(name)}.json").unlink(missing_ok=True)


def alive(name: str) -> bool:
    """Whether a supervisor holds the lock of this name."""
    if fcntl is None:
        return False
    with _lock_file(name) as lock:
        return not _try(lock, fcntl.LOCK_SH)  # a shared lock, so that two readers do not block each other


@contextmanager
def holding(name: str) -> Iterator[None]:
    """Hold the lock of a pool's name in a context.

    Raises:
        BadInput: A pool of that name runs already, or this system does not support pools.
    """
    if fcntl is None:
        raise BadInput("Pools need a system with file locks of Unix: Linux or macOS.")
    with _lock_file(name) as lock:
        for _ in range(10):  # `alive` holds the lock for a moment
            if _try(lock, fcntl.LOCK_EX):
                break
            time.sleep(0.05)
        else:
            raise BadInput(
                f"A pool `{name}` runs already: `branchwise pool down {name}` ends it, --name starts another."
            )
        yield


@contextmanager
def _lock_file(name: str) -> Iterator[int]:
    lock = os.open(folder() / f"{_checked(name)}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        yield lock
    finally:
        os.close(lock)


def _try(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadInput(f"A pool's name is up to 64 letters, digits, `.`, `_` and `-`, not `{name}`.")
    return name


_STATE = TypeAdapter(PoolState)
