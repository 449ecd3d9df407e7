"""Archives of runs: a compressed export of each, and back; a run is deleted once its file is on disk."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

from branchwise.store.errors import BadInput
from branchwise.store.export import export
from branchwise.store.prune import prune
from branchwise.store.reading import reason
from branchwise.store.store import Store

SUFFIX = ".json.gz"
LARGEST = 2 * 1024**3
"""Most bytes of an archive's text."""
_READ = 1024**2


async def archive(store: Store, folder: Path, *, older_than: float) -> list[Path]:
    """Move runs that are over into files, each with its sub-runs.

    Args:
        store: Where they are.
        folder: Where the files go; a file is named for its run.
        older_than: Seconds since a run was created.

    Raises:
        BadInput: A file cannot be written; its run and those after it stay in the store.
    """
    old = await store.database.aread(lambda c: prune(c, older_than=older_than, try_only=True))
    written, together = list[Path](), set(old)
    for run_id in old:
        run = await store.run(run_id)
        if run.parent in together:
            continue  # in the file of its parent
        known = (run_id, run.epoch)
        path = folder / f"{run_id}{SUFFIX}"
        text = await store.database.aread(lambda c, one=run_id: export(c, one))  # type: ignore[misc]
        _write(path, text)
        gone = await store.database.awrite(
            lambda c, one=known: prune(c, older_than=older_than, only=one)  # type: ignore[misc]
        )
        if not gone:  # somebody has resumed it meanwhile
            path.unlink()
            continue
        written.append(path)
    return written


def read_archive(path: Path) -> str:
    """The text of an export, compressed or not.

    Raises:
        BadInput: The file cannot be read, or holds too much.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        if not packed:
            return path.read_text(encoding="utf-8")
        parts, size = [], 0
        with gzip.open(path, "rb") as stream:
            while part := stream.read(_READ):
                size += len(part)
                if size > LARGEST:
                    raise BadInput(f"`{path}` holds more than {LARGEST // 1024**3} GiB of text.")
                parts.append(part)
        return b"".join(parts).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise BadInput(f"`{path}` cannot be read: {reason(error)}.") from error


def _write(path: Path, text: str) -> None:
    """Write a whole file, on disk when this returns, or none."""
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(gzip.compress(text.encode(), mtime=0))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise BadInput(f"`{path}` cannot be written: {error.strerror}.") from error
