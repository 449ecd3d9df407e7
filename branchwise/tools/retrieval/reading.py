"""Read files as paragraphs: text, Markdown, PDF and JSON lines."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from branchwise.store.errors import BadInput
from branchwise.tools.retrieval.protocol import Passage

SUFFIXES = frozenset({".txt", ".text", ".md", ".markdown", ".pdf", ".jsonl", ".ndjson"})
_LARGEST = 1_000_000_000
"""Maximum bytes of a file."""
_LONGEST = 2_000
"""Maximum characters of a paragraph; a longer one is split at a space."""
_SHORTEST = 40
"""A shorter paragraph, for example a heading, begins the next one."""
_TEXTS = ("text", "contents", "content", "body", "passage", "paragraph")
_TITLES = ("title", "heading")
_PDF_SECONDS = 120
_BLANK = re.compile(r"\n[ \t\r\f\v]*\n")


def found(paths: Iterable[Path]) -> list[Path]:
    """The files at these paths that can be read as text, those in folders too, sorted; links are not followed.

    Raises:
        BadInput: A path does not exist, or a named file has another suffix.
    """
    files: set[Path] = set()
    for path in paths:
        if path.is_dir():
            inside = (one for one in path.rglob("*") if one.suffix.lower() in SUFFIXES)
            files |= {one for one in inside if one.is_file() and not one.is_symlink()}
        elif not path.is_file():
            raise BadInput(f"There is no file or folder `{path}`.")
        elif path.suffix.lower() not in SUFFIXES:
            raise BadInput(f"`{path}` is none of {', '.join(sorted(SUFFIXES))}.")
        else:
            files.add(path)
    return sorted(files)


def paragraphs(path: Path) -> list[Passage]:
    """The paragraphs of a file, in order.

    Raises:
        BadInput: It cannot be read in its format; the message names the place.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise BadInput(f"`{path}` is larger than {_LARGEST:,} bytes; split it.")
        suffix = path.suffix.lower()
        if suffix == ".pdf":
            pages = _pdf(path)
            pairs = [(part, f"page {i}") for i, page in enumerate(pages, 1) for part in split(page)]
        elif suffix in {".jsonl", ".ndjson"}:
            with path.open(encoding="utf-8") as lines:
                pairs = list(_json_lines(lines, path))
        else:
            pairs = [(part, "") for part in split(path.read_text(encoding="utf-8", errors="replace"))]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"`{path}` cannot be read: {error}.") from error
    return [Passage(text=t, source=str(path), number=i, place=p) for i, (t, p) in enumerate(pairs)]


def split(text: str) -> Iterator[str]:
    """The paragraphs of a text: parts between blank lines; a short one begins the next, a long one is split."""
    kept = ""
    for part in _BLANK.split(text.replace("\r\n", "\n").replace("\0", "")):
        kept = f"{kept}\n{part.strip()}".strip()
        if len(kept) >= _SHORTEST:
            yield from _pieces(kept)
            kept = ""
    if kept:
        yield kept


def _pieces(text: str) -> Iterator[str]:
    begin = 0
    while len(text) - begin > _LONGEST:
        end = text.rfind(" ", begin + _LONGEST // 2, begin + _LONGEST)
        end = begin + _LONGEST if end < 0 else end
        yield text[begin:end].strip()
        begin = end
    if rest := text[begin:].strip():
        yield rest


def _json_lines(lines: Iterable[str], path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            read = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"`{path}` line {number} is not JSON: {error}.") from error
        text = _field(read, _TEXTS) if isinstance(read, dict) else read
        if not isinstance(text, str):
            raise BadInput(f"`{path}` line {number} has no text under one of {', '.join(_TEXTS)}.")
        title = _field(read, _TITLES) if isinstance(read, dict) else None
        whole = f"{title}\n{text}" if title else text
        yield from ((piece, f"line {number}") for piece in _pieces(whole.replace("\0", "").strip()))


def _field(read: dict[str, object], names: Sequence[str]) -> str | None:
    values = (read.get(name) for name in names)
    return next((value for value in values if isinstance(value, str)), None)


def _pdf(path: Path) -> list[str]:
    """The text of each page, read in a child process, which a hostile file can only make end."""
    child = Path(__file__).with_name("_pdf_child.py")
    try:
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-B", str(child), str(path)],
            capture_output=True,
            timeout=_PDF_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BadInput(f"`{path}` was not read within {_PDF_SECONDS} seconds.") from error
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it ended"]
        raise BadInput(f"`{path}` cannot be read as PDF: {reason[0][:200]}")
    pages = json.loads(done.stdout)
    return [str(page) for page in islice(pages, 100_000)]
