"""Screenshots of web nodes: files that a row names, read only where a run keeps its own."""

from __future__ import annotations

import re
from pathlib import Path

_SHOT = re.compile(r"0(?:\.\d+)*-[0-9a-f]+\.jpg")
_KINDS = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
_LARGEST = 20 << 20
"""Bytes of a picture."""


def screenshot(named: object, run_id: str | None) -> tuple[bytes, str] | None:
    """Read a picture and its media type; None if there is none.

    A row may come from another machine, so the path is read only below the run's own screenshot folder.

    Args:
        named: The path in a row.
        run_id: The run; None reads any picture, for callers who chose the file themselves.
    """
    if not isinstance(named, str):
        return None
    file = Path(named)
    kind = _KINDS.get(file.suffix.lower())
    own = run_id is None or (file.parent.name == run_id and _SHOT.fullmatch(file.name) is not None)
    try:
        if kind is None or not own or not file.is_file() or file.stat().st_size > _LARGEST:
            return None
        return file.read_bytes(), kind
    except (OSError, ValueError):
        return None
