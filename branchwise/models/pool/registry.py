"""What is known of a pool from outside: one JSON file that its supervisor keeps, and a lock that says it lives.

The lock, not the process id, tells whether a supervisor is there: the kernel lets go of it whatever way the
supervisor dies, and no other process can come to hold it by chance.
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
except ImportError:  # Windows has no such locks, and no pools
    fcntl = None  # type: ignore[assignment]
from pydantic import TypeAdapter, ValidationError

from branchwise.store.errors import BadInput, ModelError, StoreError, UnknownName

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Phase(StrEnum):
    """Where a replica is in its life."""

    STARTING = "starting"
    """Its process runs and does not answer yet."""
    READY = "ready"
    WAITING = "waiting"
    """It died and will be started again."""
    DRAINING = "draining"
    """It finishes what it has and gets nothing new."""
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Replica:
    """One engine of a pool."""

    index: int
    url: str
    """Where its API begins, `http://127.0.0.1:8000/v1`."""
    log: str
    devices: str = ""
    """The GPUs or CPU cores it is bound to; empty where it is free."""
    phase: Phase = Phase.STARTING
    since: float = 0.0
    """When it came into this phase, seconds since the epoch."""
    pid: int | None = None
    restarts: int = 0
    note: str = ""
    """Why it is in this phase, where that is not plain."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolState:
    """One pool, as its supervisor last wrote it down."""

    name: str
    model: str
    """What the engines load: a folder or a hub's name."""
    served: str
    """The model's name in requests."""
    pid: int
    """The supervisor's."""
    started: float
    replicas: tuple[Replica, ...] = ()
    cuda: bool = False
    """Whether the engines run on NVIDIA GPUs."""
    dtype: str = ""
    """The number type that they compute in; empty where it is the model's own."""
    failed: str = ""
    """Why the pool gave up; empty while it lives."""

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
        ModelError: It runs, and no replica answers yet or any more.
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
    """Where pools are written down: `pools` in the user's state directory, for its owner alone."""
    place = Path(platformdirs.user_state_dir("branchwise", appauthor=False)) / "pools"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def logs(name: str) -> Path:
    """The folder of the pool's log files."""
    place = folder() / f"{_checked(name)}.logs"
    place.mkdir(mode=0o700, exist_ok=True)
    return place


def read(name: str) -> PoolState | None:
    """Return what is written of a pool, which may be dead, or None.

    Raises:
        StoreError: The file holds something else.
    """
    file = folder() / f"{_checked(name)}.json"
    try:
        return _STATE.validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except (ValidationError, OSError) as error:
        raise StoreError(f"The file `{file}` does not describe a pool: remove it.") from error


def write(state: PoolState) -> None:
    """Write a pool down, all at once, readable by its owner alone."""
    path = folder() / f"{_checked(state.name)}.json"
    half = path.with_suffix(f".{os.getpid()}.half")
    with os.fdopen(
        os.open(half, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(asdict(state), file, indent=1)
    half.replace(path)


def forget(name: str) -> None:
    """Remove what is written of a pool; its logs stay."""
    (folder() / f"{_checked(name)}.json").unlink(missing_ok=True)


def alive(name: str) -> bool:
    """Whether a supervisor holds this name."""
    if fcntl is None:
        return False
    with _lock_file(name) as lock:
        return not _try(lock, fcntl.LOCK_SH)  # shared, so that two who look do not see each other


@contextmanager
def holding(name: str) -> Iterator[None]:
    """Hold a pool's name while the block runs.

    Raises:
        BadInput: A pool of that name runs already, or this system has no pools.
    """
    if fcntl is None:
        raise BadInput("Pools need a system with file locks of Unix: Linux or macOS.")
    with _lock_file(name) as lock:
        for _ in range(10):  # whoever looks whether the pool is alive holds it for a moment
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
