"""Read gzipped data files, and hash them."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def rows(path: Path) -> Iterator[dict[str, Any]]:  # foreign JSON: each adapter picks its own fields
    """The objects of a gzipped JSON-lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def sha256(*paths: Path) -> str:
    """SHA-256 of the concatenated files."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def short(text: str) -> str:
    """A stable name for a text that is not published."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
