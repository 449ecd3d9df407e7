"""Benchmark instances, read from the user's files; nothing is downloaded."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from branchwise.store.errors import BadInput
from branchwise.store.records import Json
from branchwise.tasks.task import Task


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """One problem of a benchmark, with the data of its graders."""

    id: str
    problem: str
    """The task's input text."""
    input: Json = None
    """The input of a workflow, where it is more than the text."""
    gold: Json = None
    """The reference answer; only graders read it, never a checker."""
    meta: Mapping[str, Json] = field(default_factory=dict)
    """Facts about the instance, for graders and for tables (size, level, tests)."""


Grades: TypeAlias = Mapping[str, bool]
"""Grader name -> passed. The first is the headline of a table."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Benchmark:
    """A task with its data and its official graders."""

    task: Task
    instances: Callable[[Path | None], Iterator[Instance]]
    """Instances under a data folder; None means the folder that `BRANCHWISE_DATA` names."""
    grade: Callable[[Instance, str], Grades]
    """Grade one reply's text by every grader of the benchmark."""


def read_records(folder: Path | None, *names: str) -> Iterator[dict[str, Json]]:
    """Read the records of the first existing file of these.

    Args:
        folder: The folder that holds the data sets, or None for the environment variable.
        *names: Paths below it, with `*` for any name: JSON lines, JSON (a list of records, or an object of them by
            their ids) or Parquet; files ending in `.gz` are decompressed.

    Raises:
        BadInput: No folder is named, none of the files exists, or it cannot be read.
    """
    named = folder or (Path(os.environ["BRANCHWISE_DATA"]) if os.environ.get("BRANCHWISE_DATA") else None)
    if named is None:
        raise BadInput("No data folder: pass a path or set `BRANCHWISE_DATA`. Data is never downloaded.")
    for name in names:
        for path in sorted(named.glob(name)):
            return _records(path)
    listed = " or ".join(f"`{name}`" for name in names)
    raise BadInput(
        f"There is no data file {listed} in `{named}`. Data is never downloaded; docs/bench.md says where it comes "
        "from."
    )


def _records(path: Path) -> Iterator[dict[str, Json]]:
    try:
        if path.suffix == ".parquet":
            yield from _parquet(path)
        elif path.suffix == ".json":
            yield from _json(path)
        else:
            with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
                for line in lines:
                    yield json.loads(line)
    except (OSError, ValueError, EOFError) as error:
        raise BadInput(f"The data file `{path}` cannot be read: {error}.") from error


def _json(path: Path) -> Iterator[dict[str, Json]]:
    found = json.loads(path.read_text(encoding="utf-8"))
    yield from ({"id": name, **row} for name, row in found.items()) if isinstance(found, dict) else found


def _parquet(path: Path) -> Iterator[dict[str, Json]]:
    try:
        import pyarrow.parquet as pq  # noqa: PLC0415 - 50 MB that only these files need
    except ImportError:
        raise BadInput(f"`{path}` is a Parquet file: pip install 'branchwise[parquet]'.") from None
    for batch in pq.ParquetFile(path).iter_batches():
        yield from batch.to_pylist()
