"""Keep an index of files up to date: only new and changed files are read, and removed ones are taken out."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ValidationError

from branchwise.store.errors import BadInput
from branchwise.tools.retrieval.protocol import Passage, Retriever
from branchwise.tools.retrieval.reading import found, paragraphs

MANIFEST = "files.json"
_BATCH = 5_000
"""Passages after which what is done is kept."""


class Index(Retriever, Protocol):
    """A retriever whose passages can be changed."""

    async def replace(self, passages: Iterable[Passage], *, without: Iterable[str] = ()) -> None:
        """Add passages, after removing all those of the sources in `without`."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What an update changed, in files."""

    new: int = 0
    changed: int = 0
    removed: int = 0
    same: int = 0


class _File(BaseModel):
    size: int
    modified: int
    digest: str


class _Manifest(BaseModel):
    index: str
    files: dict[str, _File]


async def update(index: Index, files: Sequence[Path], folder: Path) -> Changes:
    """Bring an index up to date with files.

    A file counts as unchanged if its size and time of change are those of the last update, or else its content is.
    After a crash the files of the last unfinished batch are read again.

    Args:
        index: The index, kept in `folder`.
        files: Files and folders; of folders those that can be read as text.
        folder: Where the list of files is kept, `files.json`.

    Raises:
        BadInput: A file cannot be read, or the folder holds the index of another corpus or method.
    """
    known = await asyncio.to_thread(_manifest, folder, index.name)
    there = {str(path): path for path in await asyncio.to_thread(found, files)}
    gone = [source for source in known.files if source not in there]
    if gone:
        await index.replace((), without=gone)
        for source in gone:
            del known.files[source]
    counts = {"new": 0, "changed": 0, "same": 0}
    batch: list[Passage] = []
    marks: dict[str, _File] = {}
    for source, path in there.items():
        before = known.files.get(source)
        mark = await asyncio.to_thread(_mark, path, before)
        same = before is not None and before.digest == mark.digest
        if same:
            counts["same"] += 1
            known.files[source] = mark
            continue
        counts["new" if before is None else "changed"] += 1
        batch += await asyncio.to_thread(paragraphs, path)
        marks[source] = mark
        if len(batch) >= _BATCH:
            await _keep(index, batch, marks, known, folder)
            batch, marks = [], {}
    await _keep(index, batch, marks, known, folder)
    return Changes(removed=len(gone), **counts)


async def _keep(
    index: Index, batch: list[Passage], marks: dict[str, _File], known: _Manifest, folder: Path
) -> None:
    if marks:
        await index.replace(batch, without=list(marks))
        known.files.update(marks)
    await asyncio.to_thread(_write, folder, known)


def _manifest(folder: Path, name: str) -> _Manifest:
    path = folder / MANIFEST
    if not path.exists():
        return _Manifest(index=name, files={})
    try:
        read = _Manifest.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise BadInput(f"`{path}` cannot be read. Remove the folder, and index again.") from error
    if read.index != name:
        raise BadInput(f"`{folder}` holds the index `{read.index}`, not `{name}`; give another folder.")
    return read


def _write(folder: Path, known: _Manifest) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{MANIFEST}.new"
    new.write_text(json.dumps(known.model_dump()), encoding="utf-8")
    new.replace(folder / MANIFEST)


def _mark(path: Path, before: _File | None) -> _File:
    try:
        told = path.stat()
        if before and (before.size, before.modified) == (told.st_size, told.st_mtime_ns):
            return before
        with path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"`{path}` cannot be read: {error.strerror}.") from error
    return _File(size=told.st_size, modified=told.st_mtime_ns, digest=digest)
