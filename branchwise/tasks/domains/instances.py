"""Benchmark instances, read from files that the user has; nothing is ever downloaded."""

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
    """One problem of a benchmark with what its graders need."""

    id: str
    problem: str
    """The text that a task is given."""
    gold: Json = None
    """The reference answer; only graders read it, never a checker."""
    meta: Mapping[str, Json] = field(default_factory=dict)
    """Facts about the instance, for graders and for tables (size, level, tests)."""


Grades: TypeAlias = Mapping[str, bool]
"""Grader name -> passed. The first is the one that headlines a table."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Benchmark:
    """A task with its data and its official graders."""

    task: Task
    instances: Callable[[Path | None], Iterator[Instance]]
    """Instances under a data folder; None means the folder that `BRANCHWISE_DATA` names."""
    grade: Callable[[Instance, str], Grades]
    """Grade one reply's text by every grader of the benchmark."""


def read_records(folder: Path | None, name: str) -> Iterator[dict[str, Json]]:
    """Read one JSON object a line from the file `name` in `folder` or in `BRANCHWISE_DATA`.

    Args:
        folder: The folder that holds the data sets, or None for the environment variable.
        name: Path of the file below it; a name that ends in `.gz` is unpacked.

    Raises:
        BadInput: No folder is named, or the file is not there.
    """
    named = folder or (Path(os.environ["BRANCHWISE_DATA"]) if os.environ.get("BRANCHWISE_DATA") else None)
    if named is None:
        raise BadInput("No data folder: pass a path or set `BRANCHWISE_DATA`. Data is never downloaded.")
    path = named / name
    if not path.is_file():
        raise BadInput(f"There is no data file `{path}`. Data is never downloaded.")
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as lines
    ):
        for line in lines:
            yield json.loads(line)
